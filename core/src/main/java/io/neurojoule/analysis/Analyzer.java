package io.neurojoule.analysis;

import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Note;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.ServerPlace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// Computes the result of a recording, again and again the same.
///
/// Per element is Σ joules / Σ elements over the `measure` windows; the interval is Student's t over the windows; above
/// idle is minus the mean power of the `idle_loaded` windows of the same load.
public final class Analyzer {
    private final Recording recording;
    private final List<Observed> observed;

    private final Joules energies;
    private final Set<Finding> findings = new LinkedHashSet<>();

    private Analyzer(Recording recording) {
        this.recording = recording;
        observed = observed(recording);
        energies = new Joules(recording, signals(recording, observed));
    }

    /// The result of a run, also of one that was cut off: what is missing is named.
    public static ExperimentResult analyze(Recording recording) {
        return new Analyzer(recording).result();
    }

    /// Every window × every energy or power channel, in order of time.
    public static List<WindowEnergy> windows(Recording recording) {
        return new Analyzer(recording).windows();
    }

    /// The energy and power signals, with the refresh that their bound has to reckon with.
    private static List<Signal> signals(Recording recording, List<Observed> observed) {
        Map<String, Duration> refreshes =
                observed.stream().collect(Collectors.toMap(one -> one.channel().id(), Observed::worstRefresh));
        return recording.signals().stream()
                .filter(signal -> isEnergy(signal.channel()))
                .map(signal -> signal.withRefresh(refreshes.getOrDefault(
                        signal.channel().id(), signal.channel().refresh())))
                .toList();
    }

    private List<WindowEnergy> windows() {
        List<WindowEnergy> rows = new ArrayList<>();
        for (Window window : recording.windows()) {
            for (Signal signal : energies.signals()) {
                Channel channel = signal.channel();
                rows.add(new WindowEnergy(window, channel, energies.of(channel.id(), window)));
            }
        }
        return rows;
    }

    private static List<Observed> observed(Recording recording) {
        return recording.signals().stream()
                .filter(signal -> isEnergy(signal.channel()))
                .map(signal -> Observed.of(signal, recording))
                .toList();
    }

    private static boolean isEnergy(Channel channel) {
        return channel.quantity() == Quantity.ENERGY || channel.quantity() == Quantity.POWER;
    }

    private ExperimentResult result() {
        for (Note note : recording.notes()) {
            findings.add(new Finding(
                    note.code(),
                    Severity.valueOf(note.severity().toUpperCase(Locale.ROOT)),
                    note.message(),
                    note.cellId(),
                    note.channel(),
                    note.windowId()));
        }
        characterise();
        for (WindowEnergy row : windows()) {
            switch (row.integral()) {
                case Integral.Unavailable none ->
                    findings.add(Finding.of(none.code(), Severity.ERROR, none.reason())
                            .onChannel(row.channel().id())
                            .inWindow(row.window().id()));
                case Energy unused ->
                    findings.addAll(
                            Doubt.of(recording.signal(row.channel().id()).orElseThrow(), row));
            }
        }
        List<CounterCheck> checks = CounterCheck.of(recording.windows(), energies);
        checks.forEach(check -> check.finding().ifPresent(findings::add));
        List<ResultRow> rows = new ArrayList<>();
        List<CellResult> cells = new ArrayList<>();
        List<LayerResult> layers = new ArrayList<>();
        List<DerivedFigure> derived = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        int repeats = recording.plan().path("repeats").asInt(0);
        for (JsonNode planned : recording.plan().path("cells")) {
            Planned cell = new Planned(
                    planned.path("id").asString(),
                    planned.path("target").asString(),
                    planned.path("model").asString(),
                    planned.path("precision").asString(),
                    planned.path("batch").asInt(),
                    planned.path("load").asString(Load.BACK_TO_BACK.label()));
            Optional<CellRecord> known = recording.cells().stream()
                    .filter(record -> record.cellId().equals(cell.id()))
                    .findFirst();
            List<Window> measured = windows(cell.id(), Window.Kind.MEASURE);
            cells.add(cellResult(cell, known, measured));
            if (known.isEmpty() || known.get().status().equals("measured")) {
                for (int repeat = 1; repeat <= repeats; repeat++) {
                    int wanted = repeat;
                    if (measured.stream().noneMatch(window -> window.repeat() == wanted)) {
                        missing.add(cell.id() + "#" + repeat);
                    }
                }
            }
            List<ResultRow> own = rows(cell, known, measured);
            rows.addAll(own);
            own.stream()
                    .filter(row -> row.name().equals(recording.info().headline()))
                    .findFirst()
                    .flatMap(row -> known.map(record -> inside(cell, row, record)))
                    .ifPresent(inside -> {
                        layers.addAll(inside.layers());
                        derived.addAll(inside.driver());
                        derived.addAll(inside.setup());
                        recording.info().carbon().ifPresent(carbon -> derived.add(Carbon.figure(inside.row(), carbon)));
                        Served served = new Served(inside.row(), inside.cell(), inside.windows(), energies);
                        derived.addAll(served.figures());
                        served.finding().ifPresent(findings::add);
                    });
        }
        if (!missing.isEmpty()) {
            findings.add(Finding.of(
                    "windows-missing",
                    Severity.WARNING,
                    "the run was cut off: %d planned windows were not measured; the rest is computed"
                            .formatted(missing.size())));
        }
        PhaseEnergy.Result phases = PhaseEnergy.of(recording, energies);
        findings.addAll(phases.findings());
        return new ExperimentResult(
                ExperimentResult.FORMAT,
                recording.info().tool(),
                summary(),
                recording.info().boundaries(),
                rows,
                cells,
                phases.rows(),
                layers,
                derived,
                List.copyOf(findings),
                missing,
                observed,
                checks);
    }

    /// Where sensors are not what they say, or do not see everything.
    private void characterise() {
        Set<String> summed = recording.info().boundaries().values().stream()
                .flatMap(List::stream)
                .map(Books::channel)
                .collect(Collectors.toSet());
        for (Observed one : observed) {
            Channel channel = one.channel();
            for (Finding finding : one.findings()) {
                boolean known = findings.stream()
                        .anyMatch(other -> other.code().equals(finding.code())
                                && other.channel().equals(finding.channel()));
                if (!known) {
                    findings.add(finding);
                }
            }
            if (channel.seenShare().isPresent() && summed.contains(channel.id())) {
                findings.add(Finding.of(
                                "part-time-sensor",
                                Severity.WARNING,
                                "%s looks at %.3g %% of the time, and a load can be in step with it: the bound lets the power in the rest be anything from 0 W to the limit. Repeats begin at random moments of its period, so their interval tells what that really does to a load that begins with the window. For a narrow bound meter the whole machine"
                                        .formatted(
                                                channel.id(),
                                                100 * channel.seenShare().getAsDouble()))
                        .onChannel(channel.id()));
            }
        }
    }

    private Inside inside(Planned cell, ResultRow row, CellRecord known) {
        return new Inside(
                row,
                known,
                recording.parts().stream()
                        .filter(part -> part.cellId().equals(cell.id()))
                        .toList(),
                recording.windows().stream()
                        .filter(window -> window.cellId().equals(cell.id()))
                        .toList(),
                recording.spans(),
                energies);
    }

    private record Planned(String id, String target, String model, String precision, int batch, String load) {}

    private ExperimentResult.RunSummary summary() {
        var info = recording.info();
        return new ExperimentResult.RunSummary(
                info.name(),
                info.startedAt().toString(),
                info.host(),
                info.user(),
                info.cpu(),
                info.element(),
                info.quick(),
                info.headline(),
                info.simulated().orElse(""),
                info.labels(),
                info.environment());
    }

    private List<Window> windows(String cellId, Window.Kind kind) {
        return recording.windows().stream()
                .filter(window -> window.cellId().equals(cellId) && window.kind() == kind)
                .toList();
    }

    private CellResult cellResult(Planned cell, Optional<CellRecord> known, List<Window> measured) {
        Optional<Energy> coldStart = coldStart(cell);
        return new CellResult(
                cell.id(),
                cell.target(),
                cell.precision(),
                cell.batch(),
                known.map(CellRecord::status).orElse("missing"),
                known.flatMap(CellRecord::reason),
                known.map(CellRecord::agreement).orElse(OptionalDouble.empty()),
                known.map(CellRecord::loadSeconds).orElse(OptionalDouble.empty()),
                known.map(CellRecord::firstStepSeconds).orElse(OptionalDouble.empty()),
                coldStart.map(energy -> OptionalDouble.of(energy.joules())).orElse(OptionalDouble.empty()),
                coldStart.map(energy -> OptionalDouble.of(energy.boundJoules())).orElse(OptionalDouble.empty()),
                coldStart.isPresent() ? Optional.of(energies.basis(headline(cell))) : Optional.empty(),
                known.map(CellRecord::peakMemoryBytes).orElse(OptionalLong.empty()),
                known.map(CellRecord::executed).orElse(Map.of()),
                known.map(CellRecord::settings).orElse(Map.of()),
                quality(cell, known, measured));
    }

    private Quality quality(Planned cell, Optional<CellRecord> known, List<Window> measured) {
        boolean served = known.map(record -> record.settings().get(ServerPlace.SETTING))
                .filter(ServerPlace.HERE.text()::equals)
                .isPresent();
        double[] perElement = new double[measured.size()];
        boolean whole = true;
        for (int i = 0; i < measured.size(); i++) {
            Window window = measured.get(i);
            if (energies.of(headline(cell), window) instanceof Energy energy) {
                perElement[i] = energy.joules() / window.elements();
            } else {
                whole = false;
            }
        }
        return new Quality(
                largest(measured, window -> idleDrift(cell, window)),
                // The time of a server that is here is no part of its client's, and cannot be told from others'.
                served
                        ? OptionalDouble.empty()
                        : largest(
                                measured,
                                window -> cpuShare(window, window.conditions().foreignCpuSeconds())),
                largest(measured, window -> cpuShare(window, window.conditions().profilerCpuSeconds())),
                whole ? Quality.variation(perElement) : OptionalDouble.empty(),
                throttleEvents(measured));
    }

    /// Over all windows; empty if it is not known for one of them.
    private static OptionalLong throttleEvents(List<Window> measured) {
        long sum = 0;
        for (Window window : measured) {
            OptionalLong here = window.conditions().throttleEvents();
            if (here.isEmpty()) {
                return OptionalLong.empty();
            }
            sum += here.getAsLong();
        }
        return measured.isEmpty() ? OptionalLong.empty() : OptionalLong.of(sum);
    }

    /// The first idle window of a repeat is before the measured one, the last after it.
    private OptionalDouble idleDrift(Planned cell, Window window) {
        List<Window> idles = windows(cell.id(), Window.Kind.IDLE_LOADED).stream()
                .filter(idle -> idle.repeat() == window.repeat())
                .toList();
        if (idles.size() < 2
                || !(energies.of(headline(cell), idles.getFirst()) instanceof Energy before)
                || !(energies.of(headline(cell), idles.getLast()) instanceof Energy after)) {
            return OptionalDouble.empty();
        }
        double first = before.joules() / idles.getFirst().seconds();
        double last = after.joules() / idles.getLast().seconds();
        double mean = (first + last) / 2;
        return mean > 0 ? OptionalDouble.of(Math.abs(last - first) / mean) : OptionalDouble.empty();
    }

    /// The most of all windows; empty if it is not known for one of them.
    private static OptionalDouble largest(List<Window> measured, Function<Window, OptionalDouble> figure) {
        OptionalDouble most = OptionalDouble.empty();
        for (Window window : measured) {
            OptionalDouble here = figure.apply(window);
            if (here.isEmpty()) {
                return OptionalDouble.empty();
            }
            most = OptionalDouble.of(Math.max(most.orElse(here.getAsDouble()), here.getAsDouble()));
        }
        return most;
    }

    /// CPU time as a share of all processors.
    private OptionalDouble cpuShare(Window window, OptionalDouble cpuSeconds) {
        int processors = processors();
        return cpuSeconds.isPresent() && processors > 0
                ? OptionalDouble.of(cpuSeconds.getAsDouble() / window.seconds() / processors)
                : OptionalDouble.empty();
    }

    private int processors() {
        try {
            return Integer.parseInt(recording.info().environment().getOrDefault(RunInfo.PROCESSORS, "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /// Energy of the first load of a cell and of its first step at the headline boundary, if all its members have one.
    private Optional<Energy> coldStart(Planned cell) {
        List<Window> loads = windows(cell.id(), Window.Kind.LOAD);
        List<Window> steps = windows(cell.id(), Window.Kind.WARMUP);
        if (loads.isEmpty() || steps.isEmpty()) {
            return Optional.empty();
        }
        return energies.of(headline(cell), loads.getFirst()) instanceof Energy load
                        && energies.of(headline(cell), steps.getFirst()) instanceof Energy step
                ? Optional.of(new Energy(load.joules() + step.joules(), load.boundJoules() + step.boundJoules()))
                : Optional.empty();
    }

    private List<String> headline(Planned cell) {
        return energies.headline(cell.target());
    }

    /// The windows of a cell that failed later stay in the recording, and make no figure.
    private List<ResultRow> rows(Planned cell, Optional<CellRecord> known, List<Window> recorded) {
        boolean failed = known.map(CellRecord::status)
                .filter(status -> !status.equals("measured"))
                .isPresent();
        List<Window> measured = failed ? List.of() : recorded;
        List<ResultRow> rows = new ArrayList<>();
        for (String boundary : recording.info().boundaryNames(cell.target())) {
            List<String> members = energies.members(cell.target(), boundary);
            rows.add(row(cell, known, measured, ResultRow.Scope.BOUNDARY, boundary, members));
            if (Books.isDifference(members)) {
                closeBooks(cell, measured, boundary, members);
            }
        }
        for (Signal signal : recording.signals()) {
            if (isEnergy(signal.channel())) {
                String id = signal.channel().id();
                rows.add(row(cell, known, measured, ResultRow.Scope.CHANNEL, id, List.of(id)));
            }
        }
        return rows;
    }

    private void closeBooks(Planned cell, List<Window> measured, String name, List<String> members) {
        List<String> whole =
                members.stream().filter(member -> !Books.isLess(member)).toList();
        if (energies.of(members, measured) instanceof Energy rest
                && energies.of(whole, measured) instanceof Energy all) {
            Books.finding(name, rest, all.joules()).ifPresent(finding -> findings.add(finding.inCell(cell.id())));
        }
    }

    private ResultRow row(
            Planned cell,
            Optional<CellRecord> known,
            List<Window> measured,
            ResultRow.Scope scope,
            String name,
            List<String> members) {
        double joules = 0;
        double bound = 0;
        double seconds = 0;
        long elements = 0;
        double[] perElement = new double[measured.size()];
        double[] rates = new double[measured.size()];
        Optional<String> reason = members.isEmpty()
                ? Optional.of("boundary '%s' has no member: no source covers it here".formatted(name))
                : Optional.empty();
        for (int i = 0; i < measured.size(); i++) {
            Window window = measured.get(i);
            seconds += window.seconds();
            elements += window.elements();
            rates[i] = window.elements() / window.seconds();
            if (reason.isEmpty()) {
                switch (energies.of(members, window)) {
                    case Energy energy -> {
                        joules += energy.joules();
                        bound += energy.boundJoules();
                        perElement[i] = energy.joules() / window.elements();
                    }
                    case Integral.Unavailable none -> reason = Optional.of(window.id() + ": " + none.reason());
                }
            }
        }
        if (measured.isEmpty()) {
            reason = known.flatMap(CellRecord::reason).or(() -> Optional.of("no window was measured"));
        }
        boolean counted = elements > 0 && seconds > 0;
        if (!counted && !measured.isEmpty()) {
            reason = Optional.of("the windows hold no element");
        }
        boolean has = reason.isEmpty();
        double rate = counted ? elements / seconds : 0;
        double each = has ? joules / elements : 0;
        Basis basis = has ? energies.basis(members) : Basis.UNAVAILABLE;
        Optional<Interval> eachInterval = has ? Interval.around(each, perElement) : Optional.empty();
        Optional<Interval> rateInterval = counted ? Interval.around(rate, rates) : Optional.empty();
        Optional<AboveIdle> above = has ? aboveIdle(cell, measured, members) : Optional.empty();
        Map<Integer, Long> latencies = known.map(CellRecord::latencies).orElse(Map.of());
        return new ResultRow(
                cell.id(),
                cell.target(),
                cell.model(),
                cell.precision(),
                cell.batch(),
                scope,
                name,
                basis,
                measured.size(),
                when(!measured.isEmpty(), seconds),
                !measured.isEmpty() ? Optional.of(elements) : Optional.empty(),
                when(has, joules),
                has ? OptionalDouble.of(joules / seconds) : OptionalDouble.empty(),
                when(has, each),
                low(eachInterval),
                high(eachInterval),
                has ? OptionalDouble.of(bound / elements) : OptionalDouble.empty(),
                above.map(a -> OptionalDouble.of(a.joules())).orElse(OptionalDouble.empty()),
                above.map(a -> OptionalDouble.of(a.perElement())).orElse(OptionalDouble.empty()),
                low(above.flatMap(AboveIdle::interval)),
                high(above.flatMap(AboveIdle::interval)),
                above.map(a -> basis.derived()),
                when(counted, rate),
                low(rateInterval),
                high(rateInterval),
                Latency.quantile(latencies, 0.5),
                Latency.quantile(latencies, 0.9),
                Latency.quantile(latencies, 0.99),
                reason,
                cell.load());
    }

    private record AboveIdle(double joules, double perElement, Optional<Interval> interval) {}

    /// Minus the mean power of the `idle_loaded` windows of the same load; empty if a window has none, or one of them
    /// has no figure.
    private Optional<AboveIdle> aboveIdle(Planned cell, List<Window> measured, List<String> members) {
        double joules = 0;
        long elements = 0;
        double[] perElement = new double[measured.size()];
        for (int i = 0; i < measured.size(); i++) {
            Window window = measured.get(i);
            List<Window> idles = windows(cell.id(), Window.Kind.IDLE_LOADED).stream()
                    .filter(idle -> idle.repeat() == window.repeat())
                    .toList();
            double idleWatts = 0;
            for (Window idle : idles) {
                if (!(energies.of(members, idle) instanceof Energy energy)) {
                    return Optional.empty();
                }
                idleWatts += energy.joules() / idle.seconds() / idles.size();
            }
            if (idles.isEmpty() || !(energies.of(members, window) instanceof Energy whole)) {
                return Optional.empty();
            }
            double above = whole.joules() - idleWatts * window.seconds();
            joules += above;
            elements += window.elements();
            perElement[i] = above / window.elements();
        }
        double each = joules / elements;
        return Optional.of(new AboveIdle(joules, each, Interval.around(each, perElement)));
    }

    private static OptionalDouble when(boolean known, double value) {
        return known ? OptionalDouble.of(value) : OptionalDouble.empty();
    }

    private static OptionalDouble low(Optional<Interval> interval) {
        return interval.map(i -> OptionalDouble.of(i.low())).orElse(OptionalDouble.empty());
    }

    private static OptionalDouble high(Optional<Interval> interval) {
        return interval.map(i -> OptionalDouble.of(i.high())).orElse(OptionalDouble.empty());
    }
}
