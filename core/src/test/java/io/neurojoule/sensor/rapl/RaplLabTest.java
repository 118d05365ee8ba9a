package io.neurojoule.sensor.rapl;

import static org.assertj.core.api.Assertions.assertThat;

import io.neurojoule.lab.Lab;
import io.neurojoule.lab.LabTest;
import io.neurojoule.sensor.LabWindow;
import io.neurojoule.sensor.LabWindow.Figure;
import io.neurojoule.sensor.LabWindow.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// Registers of processors and a container's mask, in the laboratory.
class RaplLabTest {
    /// Two steps of 1 ms at 200 W, and half a digit of perf's 0.01 J.
    private static final double TOLERANCE = 2 * 1e-3 * 200 + 0.005;

    private static final Duration WINDOW = Duration.ofSeconds(1);

    /// Long enough that one of four counters wraps in it.
    private static final Duration LONG_WINDOW = Duration.ofSeconds(4);

    /// What a container engine does to the zones.
    private static final List<String> MASKED =
            List.of("sh", "-c", "mount -t tmpfs -o ro none /sys/devices/virtual/powercap && exec \"$@\"", "sh");

    private static Result masked(String options, Duration window, String lab) throws Exception {
        List<String> command = new ArrayList<>(MASKED);
        command.addAll(LabWindow.command("rapl", options, window));
        return LabWindow.result(Lab.run(List.of(lab.split(" ", -1)), command, Map.of(), window.plusSeconds(60)));
    }

    /// The laboratory's name of a channel's source: `core1` for `rapl:core-1-cpu-0`, `pkg0d1` for
    /// `rapl:package-0-die-1`.
    private static String source(String channel) {
        return channel.replace("rapl:", "")
                .replaceFirst("-cpu-.*", "")
                .replace("package-", "pkg")
                .replace("-die-", "d")
                .replace("-", "");
    }

    /// Every figure holds the truth in its bound.
    private static void agrees(Result result) throws Exception {
        for (String channel : result.figures().keySet()) {
            Figure figure = result.figure(channel);
            double truth = result.truth(channel, source(channel));
            assertThat(Math.abs(figure.joules() - truth))
                    .as("%s: %s, truth %.6f J", channel, figure, truth)
                    .isLessThanOrEqualTo(figure.boundJoules());
        }
    }

    /// How many counters wrapped in the window: each had `left` joules to go at the laboratory's epoch.
    private static long wraps(Result result, double left) throws Exception {
        long epoch = JsonMapper.shared()
                .readTree(result.truth().toFile())
                .path("epoch_mono_ns")
                .asLong();
        long wraps = 0;
        for (String channel : result.figures().keySet()) {
            Figure figure = result.figure(channel);
            List<Map<String, Double>> joules = Lab.truths(
                    result.truth(),
                    List.of(new long[] {epoch, figure.fromNanos()}, new long[] {epoch, figure.toNanos()}));
            double before = joules.getFirst().getOrDefault(source(channel), Double.NaN);
            double after = joules.getLast().getOrDefault(source(channel), Double.NaN);
            wraps += before < left && left < after ? 1 : 0;
        }
        return wraps;
    }

    /// Each counter wraps 2000 J after the epoch, at powers so far apart that one of them does so in the window
    /// whenever the program begins.
    @LabTest
    void intelsRegistersAgreeWithTheTruthOverAWrap() throws Exception {
        Result result = masked(
                "",
                LONG_WINDOW,
                "--rapl intel-2s --msr --wrap-in 20 --wrap-power 100 --profile pkg0=square:400,600,0.7"
                        + " --profile pkg1=const:286 --profile dram0=const:190 --profile dram1=const:143");

        assertThat(result.figures()).containsOnlyKeys("rapl:package-0", "rapl:package-1", "rapl:dram-0", "rapl:dram-1");
        agrees(result);
        assertThat(wraps(result, 2000)).isPositive();
        assertThat(result.missing()).isEmpty();
    }

    /// In this layout a core's register, and powercap's zone of the same name, hold one core of 64.
    @LabTest
    void amdsRegistersAndEachCoreAgreeWithTheTruthOverAWrap() throws Exception {
        Result result = masked(
                "cores=true",
                LONG_WINDOW,
                "--rapl amd-2s-zen-core --msr --wrap-in 20 --wrap-power 100 --profile pkg0=square:400,600,0.7"
                        + " --profile pkg1=const:286 --profile core0=const:190 --profile core1=const:143");

        assertThat(result.figures()).containsKeys("rapl:package-0", "rapl:package-1", "rapl:core-0-cpu-0");
        assertThat(result.figures().keySet())
                .filteredOn(channel -> !channel.startsWith("rapl:package-"))
                .allMatch(channel -> channel.matches("rapl:core-[01]-cpu-\\d+"));
        agrees(result);
        assertThat(wraps(result, 2000)).isPositive();
    }

    @LabTest
    void diesHaveRegistersOfTheirOwn() throws Exception {
        Result result = masked("", WINDOW, "--rapl intel-2s-2die --msr --profile square:50,200,0.7");

        assertThat(result.figures())
                .containsKeys("rapl:package-0-die-0", "rapl:package-0-die-1", "rapl:dram-0-die-0", "rapl:dram-0-die-1");
        agrees(result);
    }

    /// On Sapphire Rapids psys counts whole joules, whatever the unit register says.
    @LabTest
    void psysIsReadInItsOwnUnit() throws Exception {
        Result result = masked("", WINDOW, "--rapl intel-2s-psys --msr --profile square:50,200,0.7");

        assertThat(result.figures()).containsKeys("rapl:psys", "rapl:package-0", "rapl:package-1", "rapl:dram-0");
        assertThat(result.figure("rapl:psys").boundJoules()).isGreaterThan(2);
        agrees(result);
    }

    @LabTest
    void aContainersMaskIsToldAsSuch() throws Exception {
        Result result = masked("", WINDOW, "--rapl intel-2s");

        assertThat(result.figures()).isEmpty();
        assertThat(result.missing()).singleElement().asString().startsWith("rapl-masked /sys/class/powercap");
    }

    @LabTest
    void powercapIsPreferredAndAmdsCoreZoneIsNotAllCores() throws Exception {
        Result result = LabWindow.measure(
                "rapl", "", WINDOW, List.of("--rapl", "amd-2s-zen-core", "--msr", "--profile", "square:50,200,0.7"));

        assertThat(result.figures()).containsOnlyKeys("rapl:package-0", "rapl:package-1");
        agrees(result);
        assertThat(result.missing()).hasSize(2).allMatch(line -> line.startsWith("rapl-core-lead-only"));
    }

    @LabTest
    void registersThatAreNotForUsAreToldWithARemedy() throws Exception {
        Result result = masked("", WINDOW, "--rapl intel-2s --msr --fault */cpu/0/msr,eacces");

        assertThat(result.figures()).isEmpty();
        assertThat(result.missing())
                .anyMatch(line -> line.startsWith("rapl-msr-permission /dev/cpu/0/msr"))
                .anyMatch(line -> line.startsWith("rapl-masked"));
    }

    /// `perf stat` and the node exporter, both unchanged, and our own reading over nested windows, each inside the
    /// next: a program that tells when it began and ended; perf around it; the exporter's values around perf; our
    /// readings around those. So each has at least the energy of the one inside and at most that of the one outside,
    /// where the laboratory knows both; but for one step of 1 ms at 200 W at each end, and the digits that perf prints.
    @LabTest(needs = {"perf", "prometheus-node-exporter"})
    void perfAndTheNodeExporterAgreeWithOurs() throws Exception {
        Lab.Run run = Lab.run(
                List.of("--rapl", "intel-2s", "--perf", "--rapl-mode", "444", "--profile", "square:50,200,0.7"),
                OtherTools.command(),
                Map.of(),
                Duration.ofSeconds(60));
        assertThat(run.exit()).as(run.stdout() + run.stderr()).isZero();
        OtherTools.Seen seen = OtherTools.seen(run.stdout());

        for (int socket = 0; socket < 2; socket++) {
            String source = "pkg" + socket;
            double program = truth(run, seen.program(), source);
            double perf = seen.perfJoules().get(socket);
            double exporterInside = truth(run, seen.exporterInside(), source);
            double exporterOutside = truth(run, seen.exporterOutside(), source);
            double exporter = seen.exporterJoules().get(socket);
            double outside = truth(run, seen.ours().get(socket), source);
            double ours = seen.ourJoules().get(socket);
            String all = "%s: program %.3f J, perf %.3f J, exporter %.3f J in %.3f to %.3f J, ours %.3f J of %.3f J"
                    .formatted(source, program, perf, exporter, exporterInside, exporterOutside, ours, outside);

            assertThat(perf).as(all).isBetween(program - TOLERANCE, exporterInside + TOLERANCE);
            assertThat(exporter).as(all).isBetween(exporterInside - TOLERANCE, exporterOutside + TOLERANCE);
            assertThat(ours)
                    .as(all)
                    .isBetween(exporter - TOLERANCE, outside + seen.ourBounds().get(socket));
            assertThat(Math.abs(ours - outside))
                    .as(all)
                    .isLessThanOrEqualTo(seen.ourBounds().get(socket));
        }
    }

    private static double truth(Lab.Run run, long[] window, String source) throws Exception {
        return Lab.truth(run.truth(), window[0], window[1]).getOrDefault(source, Double.NaN);
    }
}
