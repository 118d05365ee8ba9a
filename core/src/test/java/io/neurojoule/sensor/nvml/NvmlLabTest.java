package io.neurojoule.sensor.nvml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.recording.Signal;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// The laboratory's NVML, read by [NvmlProbe] in a process of its own, against the joules that its GPUs really drew.
class NvmlLabTest {
    /// All five, in this order: 0000:41:00.0, 61, 81, a1, c1. Each draws another power.
    private static final String BOARDS = "a100,h100,v100,k80,ideal";

    private static final List<String> BUS = List.of("41", "61", "81", "a1", "c1");
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /// Away from both ends of the recording; a mean of one second stands for its middle.
    private static final long MARGIN_NANOS = 600_000_000L;

    /// Output of a probe: rows of fields, the kind of row first.
    private record Probed(Lab.Run run, List<String[]> rows) {
        List<String[]> of(String kind) {
            return rows.stream().filter(row -> row[0].equals(kind)).toList();
        }

        boolean has(String id) {
            return of("channel").stream().anyMatch(row -> row[1].equals(id));
        }

        /// With the channel as the source declares it.
        Signal signal(String id) {
            String[] declared = of("channel").stream()
                    .filter(row -> row[1].equals(id))
                    .findFirst()
                    .orElseThrow();
            Component gpu = Component.of(Component.Kind.ACCELERATOR, "gpu");
            Duration refresh = Duration.ofNanos(Long.parseLong(declared[4]));
            double scale = Double.parseDouble(declared[3]);
            Channel channel = declared[2].equals("ENERGY")
                    ? Channel.counter(id, gpu, scale, 0, refresh)
                    : Channel.power(id, gpu, scale, refresh, Duration.ofNanos(Long.parseLong(declared[5])));
            List<String[]> values =
                    of("value").stream().filter(row -> row[1].equals(id)).toList();
            return new Signal(
                    channel.withMaxWatts(Double.parseDouble(declared[6])),
                    longs(values, 2),
                    longs(values, 3),
                    longs(values, 4),
                    List.of());
        }

        private static long[] longs(List<String[]> rows, int field) {
            return rows.stream().mapToLong(row -> Long.parseLong(row[field])).toArray();
        }
    }

    private static Probed probe(List<String> lab, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                NvmlProbe.class.getName()));
        command.addAll(Arrays.asList(arguments));
        Lab.Run run = Lab.run(lab, command, Map.of(), TIMEOUT);
        assertThat(run.exit()).as(run.stdout() + run.stderr()).isZero();
        return new Probed(
                run, run.stdout().lines().map(line -> line.split("\t", -1)).toList());
    }

    private static String id(int gpu, String part) {
        return "nvml:0000:" + BUS.get(gpu) + ":00.0/" + part;
    }

    /// A figure and the truth of the same window.
    ///
    /// @param longestSeconds of a read: on a busy machine its middle is far from the moment that counts
    private record Compared(Energy energy, double truth, double longestSeconds) {
        double error() {
            return Math.abs(energy.joules() - truth);
        }
    }

    private static Compared compare(Probed probed, int gpu, String part) throws Exception {
        Signal signal = probed.signal(id(gpu, part));
        assertThat(signal.size()).as(part).isGreaterThan(100);
        long from = signal.timeNanos()[0] + MARGIN_NANOS;
        long to = signal.timeNanos()[signal.size() - 1] - MARGIN_NANOS;
        Integral integral = Energy.of(signal, from, to);
        assertThat(integral).as(integral.toString()).isInstanceOf(Energy.class);
        double truth = Lab.truth(probed.run().truth(), from, to).getOrDefault("gpu" + gpu, 0.0);
        double longest = LongStream.of(signal.readNanos()).max().orElseThrow() * 1e-9;
        return new Compared((Energy) integral, truth, longest);
    }

    /// A load that changes every 350 ms. A counter is at most one step behind at each edge: 100 ms (A100, H100), 20 ms
    /// (V100), 1 ms (ideal), and what a read takes.
    @LabTest
    void theCountersOfAllBoardsAgreeWithTheTruth() throws Exception {
        Probed probed = probe(List.of("--nvml", BOARDS, "--profile", "square:50,200,0.7"), "read", "3.7");
        double highest = 200 * 1.4 + 25;

        for (Map.Entry<Integer, Double> stale :
                Map.of(0, 0.1, 1, 0.1, 2, 0.02, 4, 0.001).entrySet()) {
            Compared compared = compare(probed, stale.getKey(), "energy");
            assertThat(compared.energy().joules())
                    .as("gpu%d", stale.getKey())
                    .isCloseTo(
                            compared.truth(), within(highest * (stale.getValue() + 0.002 + compared.longestSeconds())));
            assertThat(compared.error()).isLessThanOrEqualTo(compared.energy().boundJoules());
        }
        assertThat(probed.has(id(3, "energy"))).isFalse();
        assertThat(probed.of("missing"))
                .singleElement()
                .satisfies(row -> assertThat(row).startsWith("missing", "nvml-unsupported", "ABSENT", id(3, "energy")));
    }

    /// A constant load: what a register averages over makes no difference.
    @LabTest
    void thePowerRegistersOfAllBoardsAgreeWithTheTruth() throws Exception {
        Probed probed = probe(List.of("--nvml", BOARDS, "--profile", "const:120"), "read", "2.7");

        for (int gpu = 0; gpu < BUS.size(); gpu++) {
            for (String part : List.of("power", "power-instant", "power-average")) {
                boolean has = switch (part) {
                    case "power-instant" -> gpu == 0 || gpu == 1 || gpu == 4;
                    case "power-average" -> gpu == 1;
                    default -> true;
                };
                String id = id(gpu, part);
                assertThat(probed.has(id)).as(id).isEqualTo(has);
                if (has) {
                    Compared compared = compare(probed, gpu, part);
                    assertThat(compared.energy().joules())
                            .as(id)
                            .isCloseTo(compared.truth(), within(1e-4 * compared.truth()));
                }
            }
        }
        assertThat(probed.of("value"))
                .allSatisfy(row -> assertThat(Boolean.parseBoolean(row[5])).isEqualTo(row[1].contains("/power-")));
    }

    /// An A100 looks at the last 25 of each 100 ms only. A load in step with that is seen wrong by the power register;
    /// its counter, as the laboratory has it, counts all.
    @LabTest
    void aLoadInStepWithAPartTimeRegisterIsCountedRightAndSampledWrong() throws Exception {
        Probed probed = probe(List.of("--nvml", "a100", "--profile", "gpu0=square:60,340,0.1,0.25"), "read", "2.7");

        Compared counted = compare(probed, 0, "energy");
        Compared sampled = compare(probed, 0, "power-instant");

        assertThat(counted.error() / counted.truth()).isLessThan(0.12);
        assertThat(sampled.energy().joules() / sampled.truth()).isLessThan(0.6);
    }

    @LabTest
    void onlyTheGpuThatWorksIsReadAndTheOthersSayWhy() throws Exception {
        Probed probed = probe(
                List.of(
                        "--nvml",
                        "a100+mig,a100,a100,a100",
                        "--profile",
                        "const:100",
                        "--fault",
                        "nvml:1,lost",
                        "--fault",
                        "nvml:2,eacces"),
                "read",
                "0.5");

        assertThat(probed.of("missing").stream().map(row -> row[1]))
                .containsExactly("nvml-mig", "nvml-lost", "nvml-permission");
        assertThat(probed.of("missing").getFirst()[4]).contains("all of them together");
        assertThat(probed.of("value")).isNotEmpty().allMatch(row -> row[1].startsWith("nvml:0000:a1:00.0/"));
    }

    @LabTest
    void aGpuThatIsLostWhileMeasuringIsGoneAndTheOtherGoesOn() throws Exception {
        Probed probed = probe(List.of("--nvml", "a100,a100", "--profile", "const:100"), "lose", "2");

        List<String[]> gone = probed.of("gone");
        assertThat(gone)
                .isNotEmpty()
                .allSatisfy(row -> assertThat(row)
                        .containsExactly(
                                "gone", "nvml:0000:41:00.0", "nvml:0000:41:00.0: GPU is lost (NVML error 15)"));
        long first = probed.rows().indexOf(gone.getFirst());
        assertThat(probed.rows().subList((int) first, probed.rows().size()))
                .noneMatch(row -> row[0].equals("value") && row[1].startsWith("nvml:0000:41"))
                .anyMatch(row -> row[0].equals("value") && row[1].startsWith("nvml:0000:61"));
    }

    @LabTest
    void aDriverThatIsNotLoadedAndOneOfAnotherVersionAreToldApart() throws Exception {
        String[] notLoaded = probe(List.of("--nvml", "a100", "--nvml-init", "9"), "read", "0")
                .rows()
                .getFirst();
        String[] mismatch = probe(List.of("--nvml", "a100", "--nvml-init", "18"), "read", "0")
                .rows()
                .getFirst();

        assertThat(notLoaded).startsWith("missing", "nvml-driver", "BROKEN", "libnvidia-ml.so.1");
        assertThat(notLoaded[4]).contains("not loaded: Driver Not Loaded (NVML error 9)");
        assertThat(mismatch).startsWith("missing", "nvml-driver", "BROKEN", "libnvidia-ml.so.1");
        assertThat(mismatch[4]).contains("different versions").contains("(NVML error 18)");
    }

    @LabTest
    void aReadMakesNoGarbage() throws Exception {
        Probed probed = probe(List.of("--nvml", "h100", "--profile", "const:100"), "cost", "20000");

        String[] cost = probed.of("cost").getLast();
        assertThat(Double.parseDouble(cost[4])).as(String.join(" ", cost)).isLessThan(1);
    }

    @LabTest
    void theStampsOfFieldsAreOnTheClockOfTheRun() throws Exception {
        Probed probed = probe(List.of("--nvml", "ideal", "--profile", "ramp:100,300,4"), "read", "2.1");
        Signal instant = probed.signal(id(0, "power-instant"));

        // Each value is the mean power of the millisecond before its stamp. On a ramp of 50 W a second a clock that is
        // wrong shows.
        List<Map<String, Double>> truths = Lab.truths(
                probed.run().truth(),
                LongStream.of(instant.timeNanos())
                        .mapToObj(at -> new long[] {at - 1_000_000, at})
                        .toList());
        double[] late = IntStream.range(0, instant.size())
                .mapToDouble(i ->
                        Math.abs(instant.raw()[i] * 1e-3 - truths.get(i).getOrDefault("gpu0", 0.0) / 1e-3) / 50)
                .sorted()
                .toArray();
        assertThat(late[late.length / 2]).as("median, in seconds").isLessThan(0.002);
        assertThat(late[late.length * 9 / 10])
                .as("the laboratory may be interrupted after its stamp")
                .isLessThan(0.005);
    }
}
