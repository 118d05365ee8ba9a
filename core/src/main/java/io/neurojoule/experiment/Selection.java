package io.neurojoule.experiment;

import io.neurojoule.plugin.Spelling;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Which cells of an experiment are meant, as typed after `--only`: conditions, all of which must hold.
public record Selection(List<Condition> conditions) {
    /// Every cell.
    public static final Selection ALL = new Selection(List.of());

    private static final List<String> FIELDS = List.of("target", "precision", "batch", "load");
    private static final Pattern CONDITION = Pattern.compile("\\s*(\\w+)\\s*(!=|<=|>=|=|<|>)\\s*([^\\s=!<>]\\S*)\\s*");

    /// One comparison.
    ///
    /// @param field `target`, `precision`, `batch` or `load`
    /// @param sign  `=` or `!=`, for batch also `<=`, `>=`, `<`, `>`
    /// @param value to compare with; a whole number for batch
    public record Condition(String field, String sign, String value) {
        boolean holds(String target, String precision, int batch, String load) {
            return switch (field) {
                case "target" -> target.equals(value) == sign.equals("=");
                case "precision" -> precision.equals(value) == sign.equals("=");
                case "load" -> load.equals(value) == sign.equals("=");
                default -> holds(Integer.compare(batch, Integer.parseInt(value)));
            };
        }

        private boolean holds(int comparison) {
            return switch (sign) {
                case "=" -> comparison == 0;
                case "!=" -> comparison != 0;
                case "<=" -> comparison <= 0;
                case ">=" -> comparison >= 0;
                case "<" -> comparison < 0;
                default -> comparison > 0;
            };
        }

        @Override
        public String toString() {
            return field + sign + value;
        }
    }

    public Selection {
        conditions = List.copyOf(conditions);
    }

    /// Reads e.g. `target=cpu,batch<=64`.
    ///
    /// @throws ExperimentException if it is no such text
    public static Selection parse(String text) {
        List<Condition> conditions = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            conditions.add(condition(part));
        }
        return new Selection(conditions);
    }

    private static Condition condition(String text) {
        Matcher matcher = CONDITION.matcher(text);
        if (!matcher.matches()) {
            throw new ExperimentException(
                    "--only: '%s' is no condition; write e.g. --only 'target=cpu,batch<=64'".formatted(text));
        }
        Condition condition = new Condition(matcher.group(1), matcher.group(2), matcher.group(3));
        if (!FIELDS.contains(condition.field())) {
            throw new ExperimentException("--only: unknown field '%s'%s"
                    .formatted(
                            condition.field(),
                            Spelling.suggest(condition.field(), FIELDS)
                                    .map(field -> "; did you mean '" + field + "'?")
                                    .orElse("; there are " + String.join(", ", FIELDS))));
        }
        boolean isBatch = condition.field().equals("batch");
        if (isBatch && !condition.value().matches("\\d{1,9}")) {
            throw new ExperimentException(
                    "--only: batch is compared with a whole number, not '%s'".formatted(condition.value()));
        }
        if (!isBatch && !condition.sign().equals("=") && !condition.sign().equals("!=")) {
            throw new ExperimentException(
                    "--only: %s can be compared with = and != only: '%s'".formatted(condition.field(), condition));
        }
        return condition;
    }

    /// Whether every condition holds for the cell with these coordinates.
    ///
    /// @param load its label, e.g. `c8`
    public boolean matches(String target, String precision, int batch, String load) {
        return conditions.stream().allMatch(condition -> condition.holds(target, precision, batch, load));
    }

    /// The cells that are meant, in their order.
    ///
    /// @throws ExperimentException if there are none; the message says what there is
    public List<Cell> select(List<Cell> cells) {
        List<Cell> selected = cells.stream()
                .filter(cell -> matches(
                        cell.target(),
                        cell.precision(),
                        cell.batch(),
                        cell.load().label()))
                .toList();
        if (selected.isEmpty()) {
            throw new ExperimentException(
                    "--only '%s' leaves no cell; there are target %s; precision %s; batch %s; load %s"
                            .formatted(
                                    this,
                                    cells.stream().map(Cell::target).distinct().collect(Collectors.joining(", ")),
                                    cells.stream()
                                            .map(Cell::precision)
                                            .distinct()
                                            .collect(Collectors.joining(", ")),
                                    cells.stream()
                                            .map(Cell::batch)
                                            .distinct()
                                            .sorted()
                                            .map(String::valueOf)
                                            .collect(Collectors.joining(", ")),
                                    cells.stream()
                                            .map(cell -> cell.load().label())
                                            .distinct()
                                            .collect(Collectors.joining(", "))));
        }
        return selected;
    }

    @Override
    public String toString() {
        return conditions.stream().map(Condition::toString).collect(Collectors.joining(","));
    }
}
