package io.neurojoule.experiment;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// The order of visits: repeats are the outer loop, and cells are shuffled anew in each, so that a slow drift of the
/// machine does not look like an effect of the batch size.
public final class Order {
    private Order() {}

    /// The same for the same seed; each repeat visits each cell once.
    public static <T> List<List<T>> shuffled(List<T> cells, int repeats, long seed) {
        Random random = new Random(seed);
        List<List<T>> order = new ArrayList<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            List<T> shuffled = new ArrayList<>(cells);
            Collections.shuffle(shuffled, random);
            order.add(List.copyOf(shuffled));
        }
        return List.copyOf(order);
    }
}
