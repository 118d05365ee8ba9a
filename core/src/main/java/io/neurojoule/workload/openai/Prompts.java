package io.neurojoule.workload.openai;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/// Prompts that have no beginning in common, so that no server finds one in its cache. Thread-safe.
///
/// The first words of a prompt spell its number, in which no two prompts of one object are alike; two objects with
/// random seeds meet with a probability of 2⁻⁶⁰ for each pair of prompts.
final class Prompts {
    /// Each is one token in most vocabularies of English.
    private static final List<String> WORDS = List.of(
            ("the of and to in is that it was for on are as with his they at be this have from or one had by word but"
                            + " not what all were we when your can said there use an each which she do how their if"
                            + " will up other about out many then them these so some her would make like him into time")
                    .split(" ", -1));

    private static final int BITS_PER_WORD = 6;
    private static final int NUMBER_WORDS = 10;
    private static final int NUMBER_BITS = BITS_PER_WORD * NUMBER_WORDS;

    /// Odd, so that multiplying by it keeps numbers apart, and next to 2⁶⁰ over the golden ratio, so that the first
    /// word changes from one prompt to the next.
    private static final long SPREAD = 0x9E3_779B_97F4_A7C1L;

    /// Words that spell a prompt's number: a prompt has at least these.
    static final int LEAST_WORDS = NUMBER_WORDS;

    private final AtomicLong next;

    Prompts(long seed) {
        next = new AtomicLong(seed);
    }

    /// @param words >= [#LEAST_WORDS]
    String next(int words) {
        long number = (next.getAndIncrement() * SPREAD) & ((1L << NUMBER_BITS) - 1);
        SplittableRandom random = new SplittableRandom(number);
        StringBuilder prompt = new StringBuilder();
        for (int i = 0; i < words; i++) {
            int word = i < NUMBER_WORDS
                    ? (int) (number >>> (NUMBER_BITS - BITS_PER_WORD * (i + 1))) & (WORDS.size() - 1)
                    : random.nextInt(WORDS.size());
            if (i > 0) {
                prompt.append(' ');
            }
            prompt.append(WORDS.get(word));
        }
        return prompt.toString();
    }
}
