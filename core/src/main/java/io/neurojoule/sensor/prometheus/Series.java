package io.neurojoule.sensor.prometheus;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// A metric's name and labels, in any order.
record Series(String name, Map<String, String> labels) {
    Series {
        labels = Map.copyOf(labels);
    }

    /// A series, and where in the text it ends.
    record Parsed(Series series, int end) {}

    /// `NAME` or `NAME{LABEL="VALUE",…}` and nothing else; empty if it is none.
    static Optional<Series> parse(String text) {
        return parseFirst(text).filter(parsed -> parsed.end() == text.length()).map(Parsed::series);
    }

    /// The series that a text begins with; empty if it begins with none.
    ///
    /// @see <https://prometheus.io/docs/instrumenting/exposition_formats/> text format 0.0.4
    static Optional<Parsed> parseFirst(String text) {
        int at = nameEnd(text, 0);
        if (at == 0) {
            return Optional.empty();
        }
        String name = text.substring(0, at);
        int open = skipBlanks(text, at);
        if (open == text.length() || text.charAt(open) != '{') {
            return Optional.of(new Parsed(new Series(name, Map.of()), at));
        }
        Map<String, String> labels = new LinkedHashMap<>();
        at = skipBlanks(text, open + 1);
        while (at < text.length() && text.charAt(at) != '}') {
            int end = nameEnd(text, at);
            int equals = skipBlanks(text, end);
            if (end == at || equals == text.length() || text.charAt(equals) != '=') {
                return Optional.empty();
            }
            int quote = skipBlanks(text, equals + 1);
            StringBuilder value = new StringBuilder();
            int close = valueEnd(text, quote, value);
            if (close < 0 || labels.put(text.substring(at, end), value.toString()) != null) {
                return Optional.empty();
            }
            at = skipBlanks(text, close + 1);
            if (at < text.length() && text.charAt(at) == ',') {
                at = skipBlanks(text, at + 1);
            } else if (at < text.length() && text.charAt(at) != '}') {
                return Optional.empty();
            }
        }
        return at == text.length() ? Optional.empty() : Optional.of(new Parsed(new Series(name, labels), at + 1));
    }

    private static int nameEnd(String text, int from) {
        int at = from;
        while (at < text.length() && isName(text.charAt(at), at == from)) {
            at++;
        }
        return at;
    }

    private static boolean isName(char c, boolean first) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || c == '_'
                || c == ':'
                || (!first && c >= '0' && c <= '9');
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
        return at;
    }

    /// Where the quote that closes stands; -1 if there is none, or an unknown escape.
    private static int valueEnd(String text, int quote, StringBuilder value) {
        if (quote >= text.length() || text.charAt(quote) != '"') {
            return -1;
        }
        int at = quote + 1;
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c == '\\') {
                char escaped = at < text.length() ? text.charAt(at++) : ' ';
                switch (escaped) {
                    case 'n' -> c = '\n';
                    case '"', '\\' -> c = escaped;
                    default -> {
                        return -1;
                    }
                }
            }
            value.append(c);
        }
        return at < text.length() ? at : -1;
    }

    /// Whether a sample of an exporter is meant: the same name, and these labels among its own.
    boolean means(Series other) {
        return name.equals(other.name) && other.labels.entrySet().containsAll(labels.entrySet());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(name);
        if (!labels.isEmpty()) {
            text.append('{');
            labels.entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(label -> text.append(text.charAt(text.length() - 1) == '{' ? "" : ",")
                            .append(label.getKey())
                            .append("=\"")
                            .append(label.getValue()
                                    .replace("\\", "\\\\")
                                    .replace("\"", "\\\"")
                                    .replace("\n", "\\n"))
                            .append('"'));
            text.append('}');
        }
        return text.toString();
    }
}
