package io.neurojoule.analysis;

import io.neurojoule.analysis.PhaseRow.Method;
import io.neurojoule.recording.CellRecord;
import io.neurojoule.recording.Recording;
import io.neurojoule.recording.RunInfo;
import io.neurojoule.recording.Span;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Basis;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Where the energy goes inside a step, by each method that the recording allows.
///
/// Nothing is divided up without saying how: what rests on a model is at best MODELLED.
final class PhaseEnergy {
    /// The part of a step that is in none of its phases.
    static final String OUTSIDE = "(outside)";

    /// Less time outside of all phases than this share cannot be told from noise, and goes to the phases.
    private static final double NEGLIGIBLE = 0.05;

    /// The network's own sum of a phase and the spans that it marked may differ by this much.
    private static final double SAME_TIME = 0.01;

    /// Isolated phases and the whole agree within this.
    private static final double AGREE = 0.05;

    /// A pass with each phase timed that is slower than the bare loop by more is another load.
    private static final double SLOWER = 0.05;

    /// With smaller angles between the times in the phases, noise decides which phase an energy belongs to.
    private static final double HARDLY_VARIES = 0.05;

    /// A cell that was measured, and all of its windows.
    private record Cell(CellRecord record, List<Window> windows) {
        List<Window> of(Window.Kind kind) {
            return windows.stream().filter(window -> window.kind() == kind).toList();
        }
    }

    private final Recording recording;
    private final Joules energies;
    private final List<PhaseRow> rows = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();

    private PhaseEnergy(Recording recording, Joules energies) {
        this.recording = recording;
        this.energies = energies;
    }

    /// Rows and findings.
    record Result(List<PhaseRow> rows, List<Finding> findings) {}

    static Result of(Recording recording, Joules energies) {
        PhaseEnergy phases = new PhaseEnergy(recording, energies);
        Map<String, List<Cell>> series = new LinkedHashMap<>();
        for (CellRecord record : recording.cells()) {
            if (record.status().equals("measured")) {
                Cell cell = new Cell(
                        record,
                        recording.windows().stream()
                                .filter(window -> window.cellId().equals(record.cellId()))
                                .toList());
                phases.cut(cell);
                phases.isolated(cell);
                phases.slowdown(cell);
                series.computeIfAbsent(record.target() + "/" + record.precision(), key -> new ArrayList<>())
                        .add(cell);
            }
        }
        series.values().forEach(phases::modelled);
        List<String> order = recording.cells().stream().map(CellRecord::cellId).toList();
        phases.rows.sort(Comparator.comparingInt((PhaseRow row) -> order.indexOf(row.cellId()))
                .thenComparing(PhaseRow::phase)
                .thenComparing(PhaseRow::method));
        return new Result(phases.rows, phases.findings);
    }

    private List<String> members(Cell cell) {
        return energies.headline(cell.record().target());
    }

    /// Energy at the headline boundary; a member that is missing leaves none.
    private Integral energy(Cell cell, Window window) {
        return energies.of(members(cell), window);
    }

    private Basis basis(Cell cell) {
        return energies.basis(members(cell));
    }

    /// The longest time until a member has a new value that is read, in seconds.
    private double refresh(Cell cell) {
        double slowest = 0;
        for (String member : members(cell)) {
            String id = Books.channel(member);
            long refresh = energies.signal(id)
                    .map(signal -> signal.channel().refresh().toNanos())
                    .orElse(0L);
            slowest = Math.max(slowest, refresh * 1e-9);
            for (RunInfo.SensorInfo sensor : recording.info().sensors()) {
                boolean own = sensor.channels().stream()
                        .anyMatch(channel -> channel.id().equals(id));
                slowest = Math.max(slowest, own ? sensor.period().toNanos() * 1e-9 : 0);
            }
        }
        return slowest;
    }

    // --- spans that are long enough

    /// Marks lie in measured windows, or where the network marks its phases only while they are timed, in those.
    private void cut(Cell cell) {
        Set<String> seen = new TreeSet<>();
        for (Window.Kind kind : List.of(Window.Kind.MEASURE, Window.Kind.PHASES)) {
            Map<String, Map<Window, List<Span>>> byName = new TreeMap<>();
            for (Window window : cell.of(kind)) {
                for (Span span : recording.spans()) {
                    long middle = span.startNanos() + (span.endNanos() - span.startNanos()) / 2;
                    if (middle >= window.startNanos() && middle <= window.endNanos()) {
                        byName.computeIfAbsent(span.name(), name -> new LinkedHashMap<>())
                                .computeIfAbsent(window, in -> new ArrayList<>())
                                .add(span);
                    }
                }
            }
            byName.forEach((name, spans) -> {
                if (seen.add(name)) {
                    rows.add(cut(cell, name, cell.of(kind), spans));
                }
            });
        }
    }

    private PhaseRow cut(Cell cell, String name, List<Window> windows, Map<Window, List<Span>> spans) {
        Row row = new Row(cell, name, Method.CUT, basis(cell));
        row.windows = windows.size();
        long shorter = 0;
        double refresh = refresh(cell);
        for (Window window : windows) {
            double joules = 0;
            for (Span span : spans.getOrDefault(window, List.of())) {
                row.occurrences++;
                row.seconds += span.seconds();
                shorter += span.seconds() <= refresh ? 1 : 0;
                if (span.endNanos() > span.startNanos() && row.reason.isEmpty()) {
                    joules += row.add(energies.of(members(cell), span.startNanos(), span.endNanos()));
                }
            }
            row.perElement(joules, window);
        }
        if (shorter > 0) {
            row.refuse(
                    "%d of %d spans last no longer than the %.3g s until a new value of every source has been read: they cannot be cut out of the readings"
                            .formatted(shorter, row.occurrences, refresh));
        }
        double told = windows.stream()
                        .mapToLong(window -> window.phaseNanos().getOrDefault(name, 0L))
                        .sum()
                * 1e-9;
        if (told > 0 && Math.abs(told - row.seconds) > SAME_TIME * told) {
            row.refuse(
                    "its spans cover %.3g s of the %.3g s that the network spent in it".formatted(row.seconds, told));
        }
        return row.counted();
    }

    // --- each phase alone

    private void isolated(Cell cell) {
        Map<String, List<Window>> byPhase = new TreeMap<>();
        for (Window window : cell.of(Window.Kind.ISOLATED)) {
            window.phaseNanos()
                    .keySet()
                    .forEach(phase -> byPhase.computeIfAbsent(phase, name -> new ArrayList<>())
                            .add(window));
        }
        Map<String, PhaseRow> alone = new TreeMap<>();
        byPhase.forEach((phase, windows) -> {
            Row row = new Row(cell, phase, Method.ISOLATED, basis(cell));
            row.windows = windows.size();
            for (Window window : windows) {
                row.occurrences += window.iterations();
                row.seconds += window.seconds();
                row.perElement(row.add(energy(cell, window)), window);
            }
            alone.put(phase, row.counted());
        });
        rows.addAll(alone.values());
        interact(cell, alone);
    }

    private void interact(Cell cell, Map<String, PhaseRow> alone) {
        Set<String> all = names(List.of(cell));
        double sum = alone.values().stream()
                .mapToDouble(row -> row.joulesPerElement().orElse(Double.NaN))
                .sum();
        double joules = 0;
        long elements = 0;
        for (Window window : cell.of(Window.Kind.MEASURE)) {
            joules += energy(cell, window) instanceof Energy energy ? energy.joules() : Double.NaN;
            elements += window.elements();
        }
        double whole = joules / elements;
        if (!all.isEmpty() && alone.keySet().containsAll(all) && Math.abs(sum - whole) > AGREE * Math.abs(whole)) {
            findings.add(Finding.of(
                            "phases-interact",
                            Severity.WARNING,
                            "run alone, the phases cost %.4g J per element together, but the whole step costs %.4g J: they interact, and the isolated figures are not their share of it"
                                    .formatted(sum, whole))
                    .inCell(cell.record().cellId()));
        }
    }

    // --- what timing the phases costs

    private void slowdown(Cell cell) {
        double bare = secondsPerStep(cell.of(Window.Kind.MEASURE));
        double timed = secondsPerStep(cell.of(Window.Kind.PHASES));
        if (bare > 0 && timed > 0) {
            double slower = timed / bare - 1;
            findings.add(Finding.of(
                            "phases-slowdown",
                            slower > SLOWER ? Severity.WARNING : Severity.INFO,
                            "timing the phases changed the time of a step by %+.2g %% against the bare loop; the times and modelled joules of phases hold for the step as it was timed"
                                    .formatted(slower * 100))
                    .inCell(cell.record().cellId()));
        }
    }

    private static double secondsPerStep(List<Window> windows) {
        double seconds = windows.stream().mapToDouble(Window::seconds).sum();
        long steps = windows.stream().mapToLong(Window::iterations).sum();
        return steps > 0 ? seconds / steps : 0;
    }

    // --- models over windows with each phase timed

    private static Set<String> names(Collection<Cell> cells) {
        return cells.stream()
                .flatMap(cell -> cell.of(Window.Kind.PHASES).stream())
                .flatMap(window -> window.phaseNanos().entrySet().stream())
                .filter(phase -> phase.getValue() > 0)
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static double seconds(Window window, String phase) {
        if (!phase.equals(OUTSIDE)) {
            return window.phaseNanos().getOrDefault(phase, 0L) * 1e-9;
        }
        return window.seconds()
                - window.phaseNanos().values().stream()
                                .mapToLong(Long::longValue)
                                .sum()
                        * 1e-9;
    }

    /// One line of the regression.
    private record Point(Window window, Energy energy) {}

    /// Cells of one target and precision, whose batches change the mix.
    private void modelled(List<Cell> cells) {
        List<String> phases = new ArrayList<>(new LinkedHashSet<>(names(cells)));
        if (phases.isEmpty()) {
            return;
        }
        List<Window> windows = cells.stream()
                .flatMap(cell -> cell.of(Window.Kind.PHASES).stream())
                .toList();
        double outside = windows.stream().mapToDouble(w -> seconds(w, OUTSIDE)).sum();
        if (outside > NEGLIGIBLE * windows.stream().mapToDouble(Window::seconds).sum()) {
            phases.add(OUTSIDE);
        }
        List<Point> points = new ArrayList<>();
        for (Window window : windows) {
            if (energy(cells.getFirst(), window) instanceof Energy energy) {
                points.add(new Point(window, energy));
            }
        }
        Optional<LeastSquares> fit = points.size() > phases.size()
                ? LeastSquares.of(
                        points.stream()
                                .map(point -> phases.stream()
                                        .mapToDouble(phase -> seconds(point.window(), phase))
                                        .toArray())
                                .toArray(double[][]::new),
                        points.stream()
                                .mapToDouble(point -> point.energy().joules())
                                .toArray())
                : Optional.empty();
        Optional<String> reason = Optional.empty();
        if (points.size() <= phases.size()) {
            reason = Optional.of("%d windows with an energy are too few for %d phases; more repeats or batches"
                    .formatted(points.size(), phases.size()));
        } else if (fit.isEmpty() || fit.get().leastAngleSine() < HARDLY_VARIES) {
            reason = Optional.of(
                    "the mix of the phases hardly varies between the windows, so that their powers cannot be told apart; batches that change it help");
            findings.add(Finding.of("phases-same-mix", Severity.WARNING, reason.get())
                    .inCell(cells.getFirst().record().cellId()));
        }
        for (Cell cell : cells) {
            for (int i = 0; i < phases.size(); i++) {
                regression(cell, phases.get(i), i, points, fit, reason).ifPresent(rows::add);
            }
            for (String phase : phases) {
                timeShare(cell, phase).ifPresent(rows::add);
            }
        }
    }

    private Optional<PhaseRow> regression(
            Cell cell,
            String phase,
            int column,
            List<Point> points,
            Optional<LeastSquares> fit,
            Optional<String> reason) {
        Row row = new Row(cell, phase, Method.MODELLED_REGRESSION, basis(cell).and(Basis.MODELLED));
        row.windows = points.size();
        for (Window window : cell.of(Window.Kind.PHASES)) {
            row.seconds += seconds(window, phase);
            row.elements += window.elements();
            if (energy(cell, window) instanceof Integral.Unavailable none) {
                row.refuse(none.reason());
            }
        }
        if (row.elements == 0) {
            return Optional.empty();
        }
        reason.ifPresent(row::refuse);
        if (row.reason.isEmpty() && fit.isPresent()) {
            double watts = fit.get().coefficients()[column];
            double half = fit.get().halfWidth(column) * row.seconds / row.elements;
            row.joules = watts * row.seconds;
            row.bound = row.seconds
                    * fit.get()
                            .bound(
                                    column,
                                    points.stream()
                                            .mapToDouble(point -> point.energy().boundJoules())
                                            .toArray());
            row.wattsError = OptionalDouble.of(fit.get().standardErrors()[column]);
            row.interval =
                    Optional.of(new Interval(row.joules / row.elements - half, row.joules / row.elements + half));
        }
        return Optional.of(row.uncounted());
    }

    /// A last resort: it would be right only if every phase drew the same power.
    private Optional<PhaseRow> timeShare(Cell cell, String phase) {
        Row row = new Row(cell, phase, Method.MODELLED_TIME_SHARE, basis(cell).and(Basis.MODELLED));
        List<Window> windows = cell.of(Window.Kind.PHASES);
        row.windows = windows.size();
        for (Window window : windows) {
            double share = seconds(window, phase) / window.seconds();
            row.seconds += seconds(window, phase);
            switch (energy(cell, window)) {
                case Energy energy ->
                    row.perElement(row.add(new Energy(energy.joules() * share, energy.boundJoules() * share)), window);
                case Integral.Unavailable none -> row.refuse(none.reason());
            }
        }
        return windows.isEmpty() ? Optional.empty() : Optional.of(row.uncounted());
    }

    /// Grows while windows are summed.
    private static final class Row {
        private final Cell cell;
        private final String phase;
        private final Method method;
        private final Basis basis;
        private final List<Double> perElement = new ArrayList<>();
        private int windows;
        private double seconds;
        private long occurrences;
        private double joules;
        private double bound;
        private long elements;
        private OptionalDouble wattsError = OptionalDouble.empty();
        private Optional<Interval> interval = Optional.empty();
        private Optional<String> reason = Optional.empty();

        Row(Cell cell, String phase, Method method, Basis basis) {
            this.cell = cell;
            this.phase = phase;
            this.method = method;
            this.basis = basis;
        }

        /// The first reason stays.
        void refuse(String why) {
            reason = reason.or(() -> Optional.of(why));
        }

        double add(Integral integral) {
            return switch (integral) {
                case Energy energy -> {
                    joules += energy.joules();
                    bound += energy.boundJoules();
                    yield energy.joules();
                }
                case Integral.Unavailable none -> {
                    refuse(none.reason());
                    yield 0;
                }
            };
        }

        void perElement(double windowJoules, Window window) {
            elements += window.elements();
            perElement.add(windowJoules / window.elements());
        }

        PhaseRow counted() {
            return row(Optional.of(occurrences));
        }

        PhaseRow uncounted() {
            return row(Optional.empty());
        }

        private PhaseRow row(Optional<Long> count) {
            if (elements == 0) {
                refuse("the windows hold no element");
            }
            boolean has = reason.isEmpty();
            double each = has ? joules / elements : 0;
            if (has && interval.isEmpty()) {
                interval = Interval.around(
                        each,
                        perElement.stream().mapToDouble(Double::doubleValue).toArray());
            }
            Optional<Interval> shown = has ? interval : Optional.empty();
            return new PhaseRow(
                    cell.record().cellId(),
                    cell.record().target(),
                    cell.record().precision(),
                    cell.record().batch(),
                    phase,
                    method,
                    has ? basis : Basis.UNAVAILABLE,
                    windows,
                    OptionalDouble.of(seconds),
                    count,
                    when(has, joules),
                    when(has && seconds > 0, joules / seconds),
                    has ? wattsError : OptionalDouble.empty(),
                    when(has && count.isPresent() && occurrences > 0, joules / Math.max(1, occurrences)),
                    when(has, each),
                    shown.map(i -> OptionalDouble.of(i.low())).orElse(OptionalDouble.empty()),
                    shown.map(i -> OptionalDouble.of(i.high())).orElse(OptionalDouble.empty()),
                    when(has, has ? bound / elements : 0),
                    reason);
        }

        private static OptionalDouble when(boolean known, double value) {
            return known ? OptionalDouble.of(value) : OptionalDouble.empty();
        }
    }
}
