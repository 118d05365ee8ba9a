package io.neurojoule.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PciSlotTest {
    @Test
    void functionsOfACardAreInOneSlot() {
        PciSlot slot = PciSlot.of("0000:c1:00.1").orElseThrow();

        assertThat(slot.name()).isEqualTo("0000:c1:00");
        assertThat(slot.has("0000:c1:00.0")).isTrue();
        assertThat(slot.has("c1:00")).isTrue();
        assertThat(slot.has("0001:c1:00.1")).isFalse();
        assertThat(slot.has("0000:c1:01.1")).isFalse();
    }

    @Test
    void whatIsNoAddressIsNoSlot() {
        for (String text : new String[] {"", "c1", "0000:c1:00.9", "gpu0", "0000-c1-00.1"}) {
            assertThat(PciSlot.of(text)).as(text).isEmpty();
        }
    }
}
