package io.neurojoule.plugin;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// How far two words are apart, for "did you mean".
public final class Spelling {
    private Spelling() {}

    /// The candidate nearest to `word`, if it is near enough to be a slip: at most a third of its letters differ.
    public static Optional<String> suggest(String word, Collection<String> candidates) {
        return candidates.stream()
                .min(Comparator.comparingInt((String candidate) -> distance(candidate, word)))
                .filter(candidate -> distance(candidate, word) <= Math.max(2, word.length() / 3));
    }

    /// The Levenshtein distance: insertions, deletions and replacements.
    public static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
