package io.neurojoule.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Batch sizes as typed: `1,8,64`, `a:b:xK` or `a:b:+K`; `b` only if hit.
final class BatchList {
    private static final int MOST = 1_000_000;
    private static final Pattern RANGE = Pattern.compile("(\\d{1,9}):(\\d{1,9}):([x+])(\\d{1,9})");

    private BatchList() {}

    static List<Integer> parse(String text) {
        Matcher range = RANGE.matcher(text);
        List<Integer> batches = new ArrayList<>();
        if (range.matches()) {
            long last = checked(range.group(2));
            long step = Long.parseLong(range.group(4));
            boolean factor = range.group(3).equals("x");
            if (step < (factor ? 2 : 1)) {
                throw new UserException(
                        Exit.USAGE, "--batch %s never ends; write e.g. 1:1024:x2 or 8:64:+8".formatted(text));
            }
            for (long batch = checked(range.group(1)); batch <= last; batch = factor ? batch * step : batch + step) {
                batches.add((int) batch);
            }
        } else {
            for (String part : text.split(",", -1)) {
                batches.add(checked(part.strip()));
            }
        }
        return batches.stream().distinct().toList();
    }

    private static int checked(String text) {
        if (!text.matches("\\d{1,9}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MOST) {
            throw new UserException(
                    Exit.USAGE,
                    "batch must be a whole number from 1 to %d: '%s'. Write e.g. --batch 1,8,64".formatted(MOST, text));
        }
        return Integer.parseInt(text);
    }
}
