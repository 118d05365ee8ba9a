package io.neurojoule.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.ExperimentFile;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// A server with two packages, memory, a GPU with counter and power, and two ways to read the whole node.
class BoundariesTest {
    private record Fixed(Channel channel) implements Sensor {
        @Override
        public String id() {
            return channel.id();
        }

        @Override
        public List<Channel> channels() {
            return List.of(channel);
        }

        @Override
        public String via() {
            return "test";
        }

        @Override
        public void read(Reading out) {
            out.set(0, 0);
        }

        @Override
        public void close() {}
    }

    private static Channel counter(String id, Component component) {
        return Channel.counter(id, component, 1e-6, 0, Duration.ofMillis(1));
    }

    private static Channel power(String id, Component component, Duration refresh) {
        return Channel.power(id, component, 1e-3, refresh, Duration.ZERO);
    }

    private static Sources server() {
        Component gpu = Component.of(Kind.ACCELERATOR, "gpu-0000:41:00.0");
        Component node = Component.of(Kind.NODE, "node");
        return new Sources(
                List.of(
                        new Fixed(counter("rapl:package-0", Component.of(Kind.CPU, "package-0"))),
                        new Fixed(counter("rapl:package-1", Component.of(Kind.CPU, "package-1"))),
                        new Fixed(counter("rapl:dram-0", Component.of(Kind.DRAM, "dram-0"))),
                        new Fixed(counter("rapl:core-0", new Component(Kind.CORES, "core-0", Set.of("package-0")))),
                        new Fixed(power("nvml:0000:41:00.0/power", gpu, Duration.ofMillis(20))),
                        new Fixed(counter("nvml:0000:41:00.0/energy", gpu)),
                        new Fixed(power("redfish:bmc/node", node, Duration.ofSeconds(5))),
                        new Fixed(power("ipmi:node", node, Duration.ofSeconds(1)))),
                List.of());
    }

    private static Map<String, List<String>> resolve(String targets) {
        return Boundaries.resolve(experiment(targets), server()).flat();
    }

    private static Experiment experiment(String targets) {
        return ExperimentFile.parse(
                "version: 1\nname: net\nmodel: {name: net}\ntargets:\n" + targets.indent(2), "e.yaml");
    }

    @Test
    void computeIsThePackagesAndMemoryIsNotInIt() {
        Map<String, List<String>> boundaries = resolve("cpu: {workload: {adapter: command, command: [x]}}");

        assertThat(boundaries).containsEntry("compute", List.of("rapl:package-0", "rapl:package-1"));
        assertThat(boundaries).doesNotContainKey("device");
    }

    @Test
    void theAcceleratorThatATargetUsesIsInItsComputeAndReadByItsCounter() {
        Map<String, List<String>> boundaries =
                resolve("gpu: {workload: {adapter: command, command: [x], device: '41:00.0'}}");

        assertThat(boundaries)
                .containsEntry("compute", List.of("rapl:package-0", "rapl:package-1", "nvml:0000:41:00.0/energy"))
                .containsEntry("device", List.of("nvml:0000:41:00.0/energy"));
    }

    @Test
    void aDeviceThatNoSourceKnowsIsAMemberWithoutAFigure() {
        Map<String, List<String>> boundaries =
                resolve("gpu: {workload: {adapter: command, command: [x], device: '0000:42:00.0'}}");

        assertThat(boundaries.get("compute")).contains("device:0000:42:00.0");
    }

    @Test
    void theNodeIsReadByTheSourceWithTheBetterRefresh() {
        assertThat(resolve("cpu: {workload: {adapter: command, command: [x]}}"))
                .containsEntry("node", List.of("ipmi:node"))
                .doesNotContainKey("wall");
    }

    @Test
    void anAcceleratorThatHasTheProcessorInItIsNotAddedToIt() {
        Component apu = Component.of(Kind.ACCELERATOR, "gpu-0000:04:00.0");
        Component cpu = new Component(Kind.CPU, "package-0", Set.of("gpu-0000:04:00.0"));
        Sources laptop = new Sources(
                List.of(
                        new Fixed(counter("rapl:package-0", cpu)),
                        new Fixed(power("hwmon:0000:04:00.0/power1", apu, Duration.ofMillis(100)))),
                List.of());
        Experiment experiment = experiment("apu: {workload: {adapter: command, command: [x], device: '04:00.0'}}");

        assertThat(Boundaries.resolve(experiment, laptop).flat())
                .containsEntry("compute", List.of("hwmon:0000:04:00.0/power1"));
    }

    @Test
    void theRestIsTheNodeLessEachMeasuredPartOnce() {
        assertThat(resolve("cpu: {workload: {adapter: command, command: [x]}}"))
                .containsEntry(
                        "rest",
                        List.of(
                                "ipmi:node",
                                "-rapl:package-0",
                                "-rapl:package-1",
                                "-rapl:dram-0",
                                "-nvml:0000:41:00.0/energy"));
    }

    @Test
    void aCardThatTheControllerOnlyNumbersIsNotTakenAwayBesideTheOneThatItsDriverReads() {
        Component node = Component.of(Kind.NODE, "node");
        Fixed whole = new Fixed(counter("cray:node/energy", node));
        Fixed numbered = new Fixed(counter("cray:accel-0/energy", Component.of(Kind.ACCELERATOR, "accel-0")));
        Fixed known =
                new Fixed(counter("nvml:0000:41:00.0/energy", Component.of(Kind.ACCELERATOR, "gpu-0000:41:00.0")));
        Experiment experiment = experiment("cpu: {workload: {adapter: command, command: [x]}}");

        assertThat(Boundaries.resolve(experiment, new Sources(List.of(whole, numbered, known), List.of()))
                        .flat())
                .containsEntry("rest", List.of("cray:node/energy", "-nvml:0000:41:00.0/energy"));
        assertThat(Boundaries.resolve(experiment, new Sources(List.of(whole, numbered), List.of()))
                        .flat())
                .containsEntry("rest", List.of("cray:node/energy", "-cray:accel-0/energy"));
        assertThat(Boundaries.resolve(experiment, new Sources(List.of(whole), List.of()))
                        .flat())
                .doesNotContainKey("rest");
    }

    @Test
    void aDeviceIsNoSuffixOfAnotherName() {
        assertThat(server().device("0", Map.of())).containsExactly("device:0");
        assertThat(server().device("gpu-0000:41:00.0", Map.of())).containsExactly("nvml:0000:41:00.0/energy");
    }

    @Test
    void targetsThatDifferHaveBoundariesOfTheirOwn() {
        Map<String, List<String>> boundaries = resolve("""
                cpu: {workload: {adapter: command, command: [x]}}
                gpu: {workload: {adapter: command, command: [x]}, boundary: {compute: ["rapl:package*", "nvml:*"]}}
                """);

        assertThat(boundaries)
                .containsEntry("cpu/compute", List.of("rapl:package-0", "rapl:package-1"))
                .containsEntry("gpu/compute", List.of("rapl:package-0", "rapl:package-1", "nvml:0000:41:00.0/energy"))
                .containsEntry("node", List.of("ipmi:node"))
                .doesNotContainKey("compute");
    }

    @Test
    void aWholeAndItsPartAreNeverAdded() {
        assertThatThrownBy(
                        () -> resolve(
                                "cpu: {workload: {adapter: command, command: [x]}, boundary: {b: ['rapl:package-0', 'rapl:core-0']}}"))
                .hasMessageContaining("would count twice");
        assertThatThrownBy(
                        () -> resolve(
                                "cpu: {workload: {adapter: command, command: [x]}, boundary: {b: ['rapl:dram-0', 'ipmi:node']}}"))
                .hasMessageContaining("would count twice");
    }

    @Test
    void theBestBasisIsTakenFirst() {
        Component cpu = Component.of(Kind.CPU, "package-0");
        Channel estimate = counter("estimate:cpu", cpu).withBasis(Basis.ESTIMATED);
        Channel slow = power("hwmon:cpu/power1", cpu, Duration.ofSeconds(1));

        assertThat(Sources.oneEach(List.of(estimate, slow))).containsExactly(slow);
    }

    @Test
    void windowsAreLongEnoughForTheHeadlineAndWhatTheUserAsksForAndNotForASlowNode() {
        Experiment plain = experiment("cpu: {workload: {adapter: command, command: [x]}}");
        Experiment asking =
                experiment("cpu: {workload: {adapter: command, command: [x]}, sources: {require: ['ipmi:*']},"
                        + " boundary: {memory: ['rapl:dram*']}}");

        assertThat(Boundaries.resolve(plain, server()).required(plain, server()))
                .containsExactlyInAnyOrder("rapl:package-0", "rapl:package-1");
        assertThat(Boundaries.resolve(asking, server()).required(asking, server()))
                .containsExactlyInAnyOrder("rapl:package-0", "rapl:package-1", "rapl:dram-0", "ipmi:node");
    }

    private static Map<String, List<String>> resolve(Sources sources) {
        return Boundaries.resolve(experiment("cpu: {workload: {adapter: command, command: [x]}}"), sources)
                .flat();
    }

    @Test
    void theWallIsTheSumOfTheOutletsAndNotTheInletOfTheWholeRack() {
        Component inlet = Component.of(Kind.BEYOND, "snmp-pdu-inlet");
        Component five = new Component(Kind.WALL, "snmp-pdu-outlet-5", Set.of("wall", "snmp-pdu-inlet"));
        Component six = new Component(Kind.WALL, "snmp-pdu-outlet-6", Set.of("wall", "snmp-pdu-inlet"));

        Map<String, List<String>> boundaries = resolve(new Sources(
                List.of(
                        new Fixed(power("snmp:pdu/inlet", inlet, Duration.ofSeconds(1))),
                        new Fixed(power("snmp:pdu/outlet-5", five, Duration.ofSeconds(1))),
                        new Fixed(power("snmp:pdu/outlet-6", six, Duration.ofSeconds(1)))),
                List.of()));

        assertThat(boundaries).containsEntry("wall", List.of("snmp:pdu/outlet-5", "snmp:pdu/outlet-6"));
    }

    @Test
    void aMeterOfTheWholeWallIsTakenInsteadOfItsOutlets() {
        Component wall = Component.of(Kind.WALL, "wall");
        Component five = new Component(Kind.WALL, "snmp-pdu-outlet-5", Set.of("wall"));

        Map<String, List<String>> boundaries = resolve(new Sources(
                List.of(
                        new Fixed(power("snmp:pdu/outlet-5", five, Duration.ofSeconds(1))),
                        new Fixed(power("meter:1", wall, Duration.ofSeconds(1)))),
                List.of()));

        assertThat(boundaries).containsEntry("wall", List.of("meter:1"));
    }

    @Test
    void anotherMachineIsInNoBoundaryThatDoesNotNameIt() {
        Sources sources = new Sources(
                List.of(
                        new Fixed(power("redfish:db7/node", Component.node("db7"), Duration.ofMillis(1))),
                        new Fixed(power("ipmi:node", Component.node("node"), Duration.ofSeconds(1)))),
                List.of());

        assertThat(resolve(sources)).containsEntry("node", List.of("ipmi:node")).doesNotContainKey("wall");
        assertThat(Boundaries.resolve(
                                experiment(
                                        "cpu: {workload: {adapter: command, command: [x]}, boundary: {both: ['*node']}}"),
                                sources)
                        .flat())
                .containsEntry("both", List.of("redfish:db7/node", "ipmi:node"));
    }

    @Test
    void aCounterInWattHoursIsNotPreferredToPower() {
        Component node = Component.of(Kind.NODE, "node");
        Channel watts = power("redfish:bmc/node", node, Duration.ofSeconds(1));
        Channel joules = Channel.counter("redfish:bmc/node-energy", node, 0.1, 0, Duration.ofSeconds(1));
        Channel wattHours = Channel.counter("snmp:pdu/inlet-energy", node, 3600, 0, Duration.ofSeconds(1));

        assertThat(Sources.oneEach(List.of(wattHours, watts))).containsExactly(watts);
        assertThat(Sources.oneEach(List.of(watts, joules))).containsExactly(joules);
    }

    @Test
    void aSourceThatIsNotReachedTakesNothingFromAnotherThatReadsTheSame() {
        Component node = Component.of(Kind.NODE, "node");
        Discovery.Missing lost = Discovery.Missing.broken("redfish-unreachable", "redfish:bmc", "no answer", "look")
                .of(power("redfish:bmc/node", node, Duration.ofMillis(1)));

        Map<String, List<String>> boundaries = resolve(
                new Sources(List.of(new Fixed(power("ipmi:node", node, Duration.ofSeconds(1)))), List.of(lost)));

        assertThat(boundaries).containsEntry("node", List.of("ipmi:node"));
    }

    @Test
    void anOutletThatIsNotReachedLeavesTheWallWithoutAFigure() {
        Component five = new Component(Kind.WALL, "snmp-a-outlet-5", Set.of("wall"));
        Component three = new Component(Kind.WALL, "snmp-b-outlet-3", Set.of("wall"));
        Discovery.Missing lost = Discovery.Missing.broken("snmp-unreachable", "snmp:b", "no answer", "look")
                .of(power("snmp:b/outlet-3", three, Duration.ofSeconds(1)));

        Map<String, List<String>> boundaries = resolve(
                new Sources(List.of(new Fixed(power("snmp:a/outlet-5", five, Duration.ofSeconds(1)))), List.of(lost)));

        assertThat(boundaries).containsEntry("wall", List.of("snmp:a/outlet-5", "snmp:b/outlet-3"));
    }
}
