package io.neurojoule.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Batch sizes as written: `1,8,64`, `a:b:xK` or `a:b:+K`; `b` only if hit.
public final class BatchList {
    /// The largest batch size.
    public static final int MOST = 1_000_000;

    private static final Pattern RANGE = Pattern.compile("(\\d{1,9}):(\\d{1,9}):([x+])(\\d{1,9})");

    private BatchList() {}

    /// The sizes in the order in which they are written, each once.
    ///
    /// @throws IllegalArgumentException with the remedy, if it is no such list
    public static List<Integer> parse(String text) {
        Matcher range = RANGE.matcher(text.strip());
        if (range.matches()) {
            return range(text, range);
        }
        if (text.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "batch range must be FROM:TO:xFACTOR or FROM:TO:+STEP, e.g. 1:1024:x2 or 8:64:+8: '%s'"
                            .formatted(text));
        }
        List<Integer> batches = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            batches.add(size(part.strip()));
        }
        return batches.stream().distinct().toList();
    }

    private static List<Integer> range(String text, Matcher range) {
        int first = size(range.group(1));
        int last = size(range.group(2));
        long step = Long.parseLong(range.group(4));
        boolean factor = range.group(3).equals("x");
        if (step < (factor ? 2 : 1)) {
            throw new IllegalArgumentException(
                    "batch range '%s' never ends; write e.g. 1:1024:x2 or 8:64:+8".formatted(text));
        }
        if (first > last) {
            throw new IllegalArgumentException(
                    "batch range '%s' is empty; the first size must not be larger than the last".formatted(text));
        }
        List<Integer> batches = new ArrayList<>();
        for (long batch = first; batch <= last; batch = factor ? batch * step : batch + step) {
            batches.add((int) batch);
        }
        return List.copyOf(batches);
    }

    private static int size(String text) {
        if (!text.matches("\\d{1,9}")) {
            throw new IllegalArgumentException(
                    "batch must be a whole number from 1 to %d: %s; write e.g. 1,8,64".formatted(MOST, text));
        }
        int batch = Integer.parseInt(text);
        check(batch);
        return batch;
    }

    /// @throws IllegalArgumentException if it is no batch size
    static void check(long batch) {
        if (batch < 1 || batch > MOST) {
            throw new IllegalArgumentException(
                    "batch must be a whole number from 1 to %d: %d; write e.g. 1,8,64".formatted(MOST, batch));
        }
    }
}
