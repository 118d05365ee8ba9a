package io.neurojoule.profile;

import io.neurojoule.recording.Note;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the machine is and does before anything is measured on it, and what of that may spoil a figure.
///
/// Everything is read from files; what they do not tell is unknown, never guessed.
///
/// @param facts    by name, in the order to show them; empty where the machine does not tell
/// @param findings `warning`: the figure may be of something else, or less repeatable than its interval says;
///                 `info`: a property to state beside it
public record Preflight(Map<String, Optional<String>> facts, List<Note> findings) {
    public static final String HOST = "host";
    public static final String PROCESSOR = "processor";
    public static final String KERNEL = "kernel";
    public static final String SLURM_JOB = "Slurm job";

    /// The value of [#SLURM_JOB] outside of any.
    public static final String NO_JOB = "none";

    /// Facts that name the machine rather than describe its state.
    public static final Set<String> IN_HEADER = Set.of(HOST, PROCESSOR, KERNEL, SLURM_JOB);

    /// Long enough for 30 of the kernel's ticks on each processor.
    private static final Duration LOOK = Duration.ofMillis(300);

    /// Other load counts above this share of all processors, and never later than at half of one.
    private static final double BUSY_SHARE = 0.05;

    private static final double BUSY_CPUS = 0.5;

    /// People who only have a shell open do not make a node a shared one.
    private static final double PEOPLE_CPUS = 0.02;

    /// Read without a system call on Linux, in nanoseconds; every other clock is slow or coarse.
    private static final Pattern GOOD_CLOCK = Pattern.compile("tsc|arch_sys_counter|kvm-clock|hyperv_clocksource.*");

    private static final Pattern VIRTUAL_PRODUCT = Pattern.compile(
            "(?i)\\b(?:QEMU|KVM|VMware|VirtualBox|Virtual Machine|HVM domU|Bochs|Parallels|OpenStack|BHYVE|"
                    + "Google Compute Engine|Firecracker)\\b");

    private static final Pattern CONTAINER_GROUP = Pattern.compile("docker|kubepods|libpod|/lxc");

    /// The mounts of a container begin with an overlay as its root.
    private static final Pattern OVERLAY_ROOT = Pattern.compile("(?m)^\\S+ \\S+ \\S+ \\S+ / .* - overlay ");

    private static final Pattern HIDDEN_PROCESSES = Pattern.compile(
            "(?m)^\\S+ \\S+ \\S+ \\S+ /proc .* - proc .*hidepid=(?:[124]|noaccess|invisible|ptraceable)");

    public Preflight {
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
        findings = List.copyOf(findings);
    }

    /// Where the files are: `/`, `/proc` and `/sys`, or copies of them.
    public record Place(Path root, Path proc, Path sysfs) {
        /// This machine, with the sysfs that the user named.
        public static Place thisMachine(Path sysfs) {
            return new Place(Path.of("/"), Path.of("/proc"), sysfs);
        }
    }

    /// Looks at this machine for a third of a second.
    public static Preflight look(Place place, Ticker ticker) {
        return look(place, System.getenv(), () -> {
            long due = ticker.nanos() + LOOK.toNanos();
            for (long left = LOOK.toNanos(); left > 0; left = due - ticker.nanos()) {
                LockSupport.parkNanos(left);
            }
        });
    }

    /// @param environment of the process: tells the Slurm job
    /// @param pause       passes the time in which the load is measured
    static Preflight look(Place place, Map<String, String> environment, Runnable pause) {
        return new Look(place, environment).run(pause);
    }

    /// One of the facts; empty if the machine does not tell.
    public Optional<String> fact(String name) {
        return facts.getOrDefault(name, Optional.empty());
    }

    /// What is known beside host and processor, which have places of their own in `run.json`.
    public Map<String, String> environment() {
        Map<String, String> known = new TreeMap<>();
        facts.forEach((name, value) -> value.ifPresent(text -> known.put(name, text)));
        known.keySet().removeAll(List.of(HOST, PROCESSOR));
        return known;
    }

    public List<Note> warnings() {
        return findings.stream()
                .filter(finding -> finding.severity().equals("warning"))
                .toList();
    }

    /// One look at the machine.
    private static final class Look {
        private final Place place;
        private final Map<String, String> environment;
        private final Map<String, Optional<String>> facts = new LinkedHashMap<>();
        private final List<Note> findings = new ArrayList<>();

        Look(Place place, Map<String, String> environment) {
            this.place = place;
            this.environment = environment;
        }

        Preflight run(Runnable pause) {
            Optional<CpuTimes> before = CpuTimes.read(place.proc());
            pause.run();
            Optional<CpuTimes> after = CpuTimes.read(place.proc());
            int cpus = cpus();

            facts.put(HOST, line(place.proc().resolve("sys/kernel/hostname")));
            facts.put(PROCESSOR, processor());
            facts.put(RunInfo.PROCESSORS, cpus > 0 ? Optional.of(String.valueOf(cpus)) : Optional.empty());
            facts.put(KERNEL, line(place.proc().resolve("sys/kernel/osrelease")));
            facts.put("java", Optional.ofNullable(System.getProperty("java.runtime.version")));
            virtualMachine();
            boolean container = container();
            slurm(cpus);
            people(before, after, cpus, container);
            governor();
            turbo();
            smt();
            facts.put(
                    "load average at start",
                    line(place.proc().resolve("loadavg"))
                            .map(line -> line.replaceFirst("^(\\S+ \\S+ \\S+) .*$", "$1")));
            otherLoad(before, after, cpus);
            clock();
            mains();
            return new Preflight(facts, findings);
        }

        private int cpus() {
            return (int) text(place.proc().resolve("stat"))
                    .map(stat -> stat.lines()
                            .filter(line -> line.matches("cpu\\d+ .*"))
                            .count())
                    .orElse(0L)
                    .longValue();
        }

        private Optional<String> processor() {
            return text(place.proc().resolve("cpuinfo"))
                    .flatMap(cpuinfo -> field(cpuinfo, "model name").or(() -> field(cpuinfo, "Model")));
        }

        private static Optional<String> field(String cpuinfo, String name) {
            return cpuinfo.lines()
                    .filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        }

        private void virtualMachine() {
            Optional<String> flags = text(place.proc().resolve("cpuinfo")).flatMap(cpuinfo -> field(cpuinfo, "flags"));
            Path firmware = place.sysfs().resolve("class/dmi/id");
            List<String> names = Stream.of("sys_vendor", "product_name", "product_version")
                    .flatMap(name -> line(firmware.resolve(name)).stream())
                    .toList();
            Optional<String> sign = names.stream()
                    .filter(name -> VIRTUAL_PRODUCT.matcher(name).find())
                    .findFirst()
                    .map(name -> "firmware says " + name)
                    .or(() -> flags.filter(all -> List.of(all.split(" ", -1)).contains("hypervisor"))
                            .map(all -> "the processor has the flag hypervisor"));
            boolean told = flags.isPresent() || !names.isEmpty();
            facts.put(
                    "virtual machine",
                    sign.map(why -> "yes: " + why).or(() -> told ? Optional.of("no") : Optional.empty()));
            sign.ifPresent(why -> warn(
                    "virtual-machine",
                    "this is a virtual machine (" + why + "): its neighbours share processors and sensors with it, and"
                            + " most counters are hidden or belong to the whole host. Measure on the host, or quote the"
                            + " figures as those of a virtual machine."));
        }

        private boolean container() {
            Optional<String> groups = text(place.proc().resolve("1/cgroup"));
            Optional<String> mounts = text(place.proc().resolve("self/mountinfo"));
            Optional<String> sign = Stream.of(
                            ".dockerenv", "run/.containerenv", ".singularity.d", "run/systemd/container")
                    .filter(name -> Files.exists(place.root().resolve(name)))
                    .findFirst()
                    .map(name -> "there is /" + name)
                    .or(() -> groups.filter(all -> CONTAINER_GROUP.matcher(all).find())
                            .map(all -> "/proc/1/cgroup names one"))
                    .or(() -> mounts.filter(all -> OVERLAY_ROOT.matcher(all).find())
                            .map(all -> "its root is an overlay"));
            boolean told = groups.isPresent() || mounts.isPresent();
            facts.put(
                    "container", sign.map(why -> "yes: " + why).or(() -> told ? Optional.of("no") : Optional.empty()));
            sign.ifPresent(
                    why -> inform(
                            "container",
                            "this is a container (" + why
                                    + "): sensors measure the whole machine, with all that runs outside;"
                                    + " Docker hides RAPL since 24.0.7. Mount the host's /sys elsewhere and name it with --sysfs."));
            return sign.isPresent();
        }

        private void slurm(int cpus) {
            String job = environment.getOrDefault("SLURM_JOB_ID", "");
            if (job.isEmpty()) {
                facts.put(SLURM_JOB, Optional.of(NO_JOB));
                return;
            }
            int mine = number(environment.getOrDefault("SLURM_CPUS_ON_NODE", ""));
            boolean smt = line(place.sysfs().resolve("devices/system/cpu/smt/active"))
                    .filter("1"::equals)
                    .isPresent();
            if (mine <= 0 || cpus <= 0) {
                facts.put(SLURM_JOB, Optional.of(job + ", its share of the node is not told"));
            } else if (mine >= cpus) {
                facts.put(SLURM_JOB, Optional.of(job + ", has all " + cpus + " CPUs of the node"));
            } else if (smt && 2 * mine == cpus) {
                facts.put(
                        SLURM_JOB,
                        Optional.of("%s, has %d of %d CPUs, which is all if Slurm counts cores"
                                .formatted(job, mine, cpus)));
            } else {
                facts.put(SLURM_JOB, Optional.of("%s, has %d of %d CPUs".formatted(job, mine, cpus)));
                warn(
                        "shared-node",
                        "Slurm job %s has %d of the %d CPUs of this node: other jobs may run on the rest, and the sensors measure them, too. Ask for the whole node with --exclusive."
                                .formatted(job, mine, cpus));
            }
        }

        private void people(Optional<CpuTimes> before, Optional<CpuTimes> after, int cpus, boolean container) {
            boolean hidden = container
                    || (text(place.proc().resolve("self/mountinfo"))
                                    .filter(mounts ->
                                            HIDDEN_PROCESSES.matcher(mounts).find())
                                    .isPresent()
                            && CpuTimes.uid(place.proc().resolve("self")).orElse(1) != 0);
            OptionalDouble share = hidden || before.isEmpty() || after.isEmpty()
                    ? OptionalDouble.empty()
                    : before.get().peopleShare(after.get());
            facts.put("other users' load", percent(share));
            if (share.isPresent() && share.getAsDouble() * cpus > PEOPLE_CPUS) {
                warn(
                        "shared-node",
                        "other users' processes take %s of this machine's processors, and the sensors measure them, too. Take the machine for yourself."
                                .formatted(percent(share).orElse("")));
            }
        }

        private void governor() {
            Path cpu = place.sysfs().resolve("devices/system/cpu");
            Map<String, Long> governors = new TreeMap<>();
            try (DirectoryStream<Path> all = Files.newDirectoryStream(cpu, "cpu[0-9]*")) {
                for (Path one : all) {
                    line(one.resolve("cpufreq/scaling_governor"))
                            .ifPresent(governor -> governors.merge(governor, 1L, Long::sum));
                }
            } catch (IOException | DirectoryIteratorException e) {
                governors.clear(); // not told
            }
            Optional<String> value = governors.isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            governors.size() == 1
                                    ? String.join("", governors.keySet())
                                    : governors.entrySet().stream()
                                            .map(each -> each.getKey() + " on " + each.getValue())
                                            .collect(Collectors.joining(", ")));
            facts.put("governor", value);
            if (value.isPresent() && !value.get().equals("performance")) {
                warn(
                        "governor-not-performance",
                        "the frequency governor is %s: the clock follows the load, so short or light cells run slower and at another power than long ones. As root: cpupower frequency-set -g performance"
                                .formatted(value.get()));
            }
        }

        private void turbo() {
            Path cpu = place.sysfs().resolve("devices/system/cpu");
            Optional<Boolean> on = line(cpu.resolve("intel_pstate/no_turbo"))
                    .flatMap(text -> bit(text).map(off -> !off))
                    .or(() -> line(cpu.resolve("cpufreq/boost")).flatMap(Look::bit));
            facts.put("turbo", on.map(is -> is ? "on" : "off"));
            if (on.orElse(false)) {
                inform(
                        "turbo-on",
                        "turbo is on: clock and power depend on temperature and on how many cores work. That is how most machines run; for the least spread switch it off, as root: "
                                + (Files.exists(cpu.resolve("intel_pstate/no_turbo"))
                                        ? "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"
                                        : "echo 0 > /sys/devices/system/cpu/cpufreq/boost"));
            }
        }

        private void smt() {
            Optional<Boolean> on =
                    line(place.sysfs().resolve("devices/system/cpu/smt/active")).flatMap(Look::bit);
            facts.put("SMT", on.map(is -> is ? "on" : "off"));
            if (on.orElse(false)) {
                inform(
                        "smt-on",
                        "two threads share a core: time per element depends on which of them the network gets. Pin it with --cpus to one thread of each core, or state it.");
            }
        }

        private void otherLoad(Optional<CpuTimes> before, Optional<CpuTimes> after, int cpus) {
            OptionalDouble share = before.isEmpty() || after.isEmpty()
                    ? OptionalDouble.empty()
                    : before.get().foreignShare(after.get());
            facts.put("other load", percent(share));
            double most = Math.min(BUSY_SHARE, BUSY_CPUS / Math.max(1, cpus));
            if (share.isPresent() && share.getAsDouble() > most) {
                warn(
                        "other-load",
                        "something else uses %s of this machine's processors (%.2g of %d): its joules are counted as the network's. Look with top, and stop it, unless it is the server that you measure."
                                .formatted(percent(share).orElse(""), share.getAsDouble() * cpus, cpus));
            }
        }

        private void clock() {
            Optional<String> source =
                    line(place.sysfs().resolve("devices/system/clocksource/clocksource0/current_clocksource"));
            facts.put("clock source", source);
            if (source.isPresent() && !GOOD_CLOCK.matcher(source.get()).matches()) {
                warn(
                        "clock-source",
                        "the kernel's clock is %s, which is slow to read: each time stamp costs a system call, and short steps look longer. The kernel log says why tsc was given up: dmesg | grep -i tsc"
                                .formatted(source.get()));
            }
        }

        /// A mouse has a battery, too: its scope is `Device`.
        private void mains() {
            boolean battery = false;
            boolean discharging = false;
            boolean told = false;
            try (DirectoryStream<Path> supplies =
                    Files.newDirectoryStream(place.sysfs().resolve("class/power_supply"))) {
                told = true;
                for (Path supply : supplies) {
                    boolean own = !line(supply.resolve("scope")).orElse("").equals("Device");
                    if (own && line(supply.resolve("type")).orElse("").equals("Battery")) {
                        battery = true;
                        discharging |= line(supply.resolve("status")).orElse("").equals("Discharging");
                    }
                }
            } catch (IOException | DirectoryIteratorException e) {
                told = false; // this kernel does not show power supplies
            }
            facts.put(
                    "power supply",
                    told ? Optional.of(discharging ? "battery" : battery ? "mains" : "no battery") : Optional.empty());
            if (discharging) {
                warn(
                        "on-battery",
                        "the machine runs on its battery: firmware holds the clock down and the screen counts, too. Plug it in.");
            }
        }

        private void warn(String code, String message) {
            findings.add(Note.of(code, "warning", message));
        }

        private void inform(String code, String message) {
            findings.add(Note.of(code, "info", message));
        }

        private static Optional<String> percent(OptionalDouble share) {
            return share.isPresent() ? Optional.of("%.1f %%".formatted(100 * share.getAsDouble())) : Optional.empty();
        }

        private static Optional<Boolean> bit(String text) {
            return switch (text) {
                case "0" -> Optional.of(false);
                case "1" -> Optional.of(true);
                default -> Optional.empty();
            };
        }

        private static int number(String text) {
            return text.matches("\\d{1,9}") ? Integer.parseInt(text) : -1;
        }

        private static Optional<String> line(Path file) {
            return text(file)
                    .flatMap(text -> text.lines().findFirst())
                    .map(String::strip)
                    .filter(text -> !text.isEmpty());
        }

        private static Optional<String> text(Path file) {
            try {
                return Optional.of(Files.readString(file));
            } catch (IOException e) {
                return Optional.empty(); // a fact that this machine does not tell
            }
        }
    }
}
