package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class OrderTest {
    @Test
    void eachRepeatVisitsEachCellOnceAndTheSeedDecidesTheOrder() {
        List<String> cells = List.of("a", "b", "c", "d", "e", "f");

        List<List<String>> order = Order.shuffled(cells, 5, 7);

        assertThat(order)
                .hasSize(5)
                .allSatisfy(repeat -> assertThat(repeat).containsExactlyInAnyOrderElementsOf(cells));
        assertThat(order).isEqualTo(Order.shuffled(cells, 5, 7)).isNotEqualTo(Order.shuffled(cells, 5, 8));
        assertThat(order.stream().distinct().count()).isGreaterThan(1);
    }
}
