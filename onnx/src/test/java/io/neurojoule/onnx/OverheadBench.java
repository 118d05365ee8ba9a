package io.neurojoule.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.sun.management.ThreadMXBean;
import io.neurojoule.graph.RadioMlVgg10;
import io.neurojoule.profile.Sources;
import io.neurojoule.recording.Recorder;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkUnderTest;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.process.ProcessNetwork;
import io.neurojoule.workload.worker.Worker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/// What profiling costs: run by `bench/overhead`, under emulated sensors. Prints one line per claim.
final class OverheadBench {
    private static final Ticker TICKER = Ticker.monotonic();
    /// Short, so that many pairs lie beside what other machines take of this one.
    private static final double RUN_SECONDS = 0.25;

    private static final double LATENESS_SECONDS = 40;
    private static final double WIDEST = 0.02;
    private static final Map<String, String> OPTIONS = Map.of("threads", "1", "spinning", "0");

    private OverheadBench() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "worker" -> worker();
            case "bare" -> bare(Path.of(arguments[1]));
            default -> compare(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        }
    }

    private static void worker() throws NetworkException {
        PrintStream protocol = System.out;
        System.setOut(System.err);
        try (Network network = new OnnxRuntimeSource().open()) {
            Worker.serve(network, System.in, protocol, TICKER);
        }
    }

    /// For each line on stdin, a quarter of a second of nothing but ONNX Runtime; answers with steps per second.
    private static void bare(Path model) throws OrtException, NetworkException, IOException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        FloatBuffer frame = ByteBuffer.allocateDirect(2 * 1024 * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        SplittableRandom random = new SplittableRandom(1);
        while (frame.hasRemaining()) {
            frame.put((float) random.nextDouble());
        }
        FloatBuffer logits = ByteBuffer.allocateDirect(24 * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        try (OrtSession.SessionOptions options = Settings.of(OPTIONS).session();
                OrtSession session = environment.createSession(model.toString(), options);
                OnnxTensor input = OnnxTensor.createTensor(environment, frame.flip(), new long[] {1, 2, 1024});
                OnnxTensor output = OnnxTensor.createTensor(environment, logits, new long[] {1, 24})) {
            Map<String, OnnxTensor> in =
                    Map.of(session.getInputNames().iterator().next(), input);
            Map<String, OnnxTensor> out =
                    Map.of(session.getOutputNames().iterator().next(), output);
            BufferedReader asked = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (asked.readLine() != null) {
                long start = TICKER.nanos();
                long steps = 0;
                long now = start;
                while (now - start < RUN_SECONDS * 1e9) {
                    session.run(in, out).close();
                    steps++;
                    now = TICKER.nanos();
                }
                System.out.println(steps / ((now - start) * 1e-9));
                System.out.flush();
            }
        }
    }

    private static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                OverheadBench.class.getName()));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private static void compare(Path folder, int pairs) throws Exception {
        Path model = folder.resolve("vgg10.onnx");
        RadioMlVgg10.write(model, RadioMlVgg10.Precision.FP32, 1);
        try (NetworkUnderTest network = ProcessNetwork.start(
                        "onnx",
                        java("worker"),
                        folder,
                        Map.of(),
                        folder.resolve("log"),
                        folder.resolve("files"),
                        "bench",
                        Duration.ofSeconds(30),
                        Optional.empty(),
                        TICKER);
                Sources sources = Sources.discover(SourceConfig.thisMachine())) {
            network.load(new LoadRequest(model.toString(), "fp32", "cpu", OPTIONS));
            network.prepare(1, List.of());
            for (int warm = 0; warm < 3; warm++) {
                rate(network);
            }
            samples(sources, folder);
            sampled(network, sources, folder, pairs);
            lateness(network, sources, folder);
            loop(network, model, pairs);
        }
    }

    private static double rate(NetworkUnderTest network) throws NetworkException {
        RunAnswer answer = network.run(RunRequest.of(RunRequest.Kind.MEASURE, RUN_SECONDS, RunRequest.Timing.BARE));
        return answer.elements() / answer.seconds();
    }

    /// Throughput with every sensor sampled at its default rate, over throughput without.
    private static void sampled(NetworkUnderTest network, Sources sources, Path folder, int pairs) throws Exception {
        double[] ratios = new double[pairs];
        for (int pair = 0; pair < pairs; pair++) {
            double without = 0;
            double with = 0;
            for (int half = 0; half < 2; half++) {
                if ((half + pair) % 2 == 0) {
                    without = rate(network);
                } else {
                    try (Recorder recorder = Recorder.create(folder.resolve("run" + pair), TICKER)) {
                        recorder.record(periods(sources));
                        with = rate(network);
                    }
                }
            }
            ratios[pair] = with / without;
        }
        print("throughput, all sensors sampled / none", ratios, 0.99);
    }

    /// How late the sampler reads while the network runs.
    private static void lateness(NetworkUnderTest network, Sources sources, Path folder) throws Exception {
        Path run = folder.resolve("lateness");
        try (Recorder recorder = Recorder.create(run, TICKER)) {
            recorder.record(periods(sources));
            for (double seconds = 0; seconds < LATENESS_SECONDS; seconds += RUN_SECONDS) {
                rate(network);
            }
        }
        List<Long> lateNanos = late(run, sources.sensors().getFirst());
        lateNanos.sort(null);
        System.out.printf(
                "sampler lateness                          p50 %.0f µs, p99 %.0f µs (%d readings at 10 Hz)%n",
                lateNanos.get(lateNanos.size() / 2) * 1e-3,
                lateNanos.get(lateNanos.size() * 99 / 100) * 1e-3,
                lateNanos.size());
    }

    private static Map<Sensor, Duration> periods(Sources sources) {
        Map<Sensor, Duration> periods = new LinkedHashMap<>();
        sources.sensors().forEach(sensor -> periods.put(sensor, Duration.ofMillis(100)));
        return periods;
    }

    /// How late each reading of a recording started, against the grid of its most punctual one: no reading is early, so
    /// the grid begins where the widest stretch of the period ends in which none started.
    private static List<Long> late(Path run, Sensor sensor) throws IOException {
        List<Long> starts = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve(Recorder.signalFile(sensor.id())))) {
            String[] fields = line.split(",", -1);
            if (fields[0].matches("\\d+")) {
                starts.add(Long.parseLong(fields[0]) - Long.parseLong(fields[1]) / 2);
            }
        }
        List<Long> late = new ArrayList<>();
        long period = 100_000_000;
        List<Long> phases = starts.stream()
                .skip(1) // the trial read
                .map(start -> Math.floorMod(start, period))
                .sorted()
                .toList();
        long grid = phases.getFirst();
        long widest = grid + period - phases.getLast();
        for (int i = 1; i < phases.size(); i++) {
            if (phases.get(i) - phases.get(i - 1) > widest) {
                widest = phases.get(i) - phases.get(i - 1);
                grid = phases.get(i);
            }
        }
        for (long phase : phases) {
            late.add(Math.floorMod(phase - grid, period));
        }
        return late;
    }

    /// The worker's loop over a loop of nothing but ONNX Runtime in a process of its own.
    private static void loop(NetworkUnderTest network, Path model, int pairs) throws Exception {
        Process bare = new ProcessBuilder(java("bare", model.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader answers = bare.inputReader(StandardCharsets.UTF_8);
                var ask = bare.outputWriter(StandardCharsets.UTF_8)) {
            double[] ratios = new double[pairs];
            for (int pair = -3; pair < pairs; pair++) {
                double worker = 0;
                double loop = 0;
                for (int half = 0; half < 2; half++) {
                    if ((half + pair) % 2 == 0) {
                        worker = rate(network);
                    } else {
                        ask.write("\n");
                        ask.flush();
                        loop = Double.parseDouble(answers.readLine());
                    }
                }
                if (pair >= 0) {
                    ratios[pair] = worker / loop;
                }
            }
            print("throughput, worker's loop / bare loop", ratios, 0.98);
        } finally {
            bare.destroy();
        }
    }

    /// Nanoseconds and bytes of one reading, beside a loop of `pread` in C over the same file.
    private static void samples(Sources sources, Path folder) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Sensor sensor = sources.sensors().stream()
                .filter(one -> one.id().equals("rapl:package-0"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("needs rapl:package-0; run bench/overhead"));
        Reading reading = new Reading(1);
        int reads = 200_000;
        double best = Double.MAX_VALUE;
        double bytes = 0;
        for (int round = 0; round < 8; round++) {
            long allocated = threads.getCurrentThreadAllocatedBytes();
            long start = TICKER.nanos();
            for (int i = 0; i < reads; i++) {
                reading.clear();
                sensor.read(reading);
            }
            best = Math.min(best, (TICKER.nanos() - start) / (double) reads);
            bytes = (threads.getCurrentThreadAllocatedBytes() - allocated) / (double) reads;
        }
        Process pread = new ProcessBuilder(
                        folder.resolve("pread").toString(),
                        "/sys/class/powercap/intel-rapl:0/energy_uj",
                        Integer.toString(reads))
                .start();
        double c =
                Double.parseDouble(new String(pread.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
        System.out.printf(
                "one RAPL reading (%s)               %.0f ns, %.2f B allocated; C pread loop %.0f ns; ratio %.2f%n",
                sensor.via(), best, bytes, c, best / c);
    }

    /// Median of the ratios with its 95 % interval by order statistics.
    private static void print(String what, double[] ratios, double target) {
        double[] sorted = ratios.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        int reach = (int) Math.floor(0.98 * Math.sqrt(n)); // 1.96 · √n / 2 ranks to each side
        double low = sorted[Math.max(0, n / 2 - reach)];
        double high = sorted[Math.min(n - 1, n / 2 + reach)];
        double median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
        String verdict = high - low > WIDEST ? "not decided" : high >= target ? "met" : "MISSED";
        System.out.printf(
                "%-41s median %.4f [%.4f, %.4f], %d pairs; target >= %.2f: %s%n",
                what, median, low, high, n, target, verdict);
    }
}
