package io.neurojoule.workload.process;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// What the user says about a program: the options of the adapter `program`.
///
/// @param elements how many elements one run, or one region of it, infers; empty: an element is a run
/// @param region   the lines of its output between which it is measured; empty: from its start to its end
public record ProgramOptions(Optional<Long> elements, Optional<Region> region) {
    private static final String ELEMENTS = "elements";
    private static final String START = "roi_start";
    private static final String END = "roi_end";

    /// @param start of a line that opens a region
    /// @param end   of a line that closes it
    public record Region(Pattern start, Pattern end) {}

    /// @throws IllegalArgumentException whose message starts with the option that is wrong
    public static ProgramOptions of(Map<String, String> options) {
        for (String option : options.keySet()) {
            if (!List.of(ELEMENTS, START, END).contains(option)) {
                throw new IllegalArgumentException("options of adapter 'program' are %s, %s and %s, not '%s'"
                        .formatted(ELEMENTS, START, END, option));
            }
        }
        if (options.containsKey(START) != options.containsKey(END)) {
            throw new IllegalArgumentException(START + " and " + END + " go together");
        }
        if (options.containsKey(START) && options.get(START).equals(options.get(END))) {
            throw new IllegalArgumentException(
                    START + " and " + END + " must differ: every second line would be no start");
        }
        Optional<Region> region = Optional.ofNullable(options.get(START))
                .map(start -> new Region(pattern(START, start), pattern(END, options.getOrDefault(END, ""))));
        return new ProgramOptions(Optional.ofNullable(options.get(ELEMENTS)).map(ProgramOptions::count), region);
    }

    private static long count(String text) {
        if (!text.matches("[1-9][0-9]{0,14}")) {
            throw new IllegalArgumentException(ELEMENTS + " must be a whole number >= 1: " + text);
        }
        return Long.parseLong(text);
    }

    private static Pattern pattern(String option, String text) {
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "%s is no regular expression: '%s': %s".formatted(option, text, e.getDescription()), e);
        }
    }
}
