package io.neurojoule.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LinesTest {
    private final AtomicLong clock = new AtomicLong();
    private final Lines lines = new Lines(clock::get);

    private void come(String text) throws IOException {
        lines.pump(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private List<String> take() {
        return lines.take().map(Lines.Line::text).stream().toList();
    }

    @Test
    void theNewestLineIsTakenOnceWithTheTimeOfItsArrival() throws IOException {
        come("1\n");
        clock.set(5);
        come("2\n");
        clock.set(9);

        assertThat(lines.take()).contains(new Lines.Line("2", 5));
        assertThat(take()).isEmpty();
    }

    @Test
    void whatHasNoEndIsNoLineAndBlankOnesAreNone() throws IOException {
        come("\r\n  \n 7 \r\n12.");

        assertThat(take()).containsExactly("7");
        assertThat(take()).isEmpty();
    }

    @Test
    void aLineWithoutEndInSightIsRefused() {
        assertThatThrownBy(() -> come("7".repeat(2000)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("77");
    }

    @Test
    void itIsOverWhenAllWasTaken() throws IOException {
        come("1\n");
        lines.end();

        assertThat(lines.isOver()).isFalse();
        assertThat(take()).containsExactly("1");
        assertThat(lines.isOver()).isTrue();
    }
}
