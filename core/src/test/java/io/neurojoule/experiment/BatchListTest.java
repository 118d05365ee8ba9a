package io.neurojoule.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BatchListTest {
    @Test
    void theLastSizeOfARangeIsThereOnlyIfHit() {
        assertThat(BatchList.parse("1:20:x2")).containsExactly(1, 2, 4, 8, 16);
        assertThat(BatchList.parse("1:16:x2")).containsExactly(1, 2, 4, 8, 16);
        assertThat(BatchList.parse("8:30:+8")).containsExactly(8, 16, 24);
        assertThat(BatchList.parse("5:5:x2")).containsExactly(5);
    }

    @Test
    void aListKeepsItsOrderAndNamesEachSizeOnce() {
        assertThat(BatchList.parse("64, 1,8,1")).containsExactly(64, 1, 8);
    }

    @Test
    void whatIsNoListSaysWhatToWrite() {
        assertThatThrownBy(() -> BatchList.parse("0")).hasMessageContaining("from 1 to 1000000: 0");
        assertThatThrownBy(() -> BatchList.parse("1000001")).hasMessageContaining("1000001");
        assertThatThrownBy(() -> BatchList.parse("1,,8")).hasMessageContaining("write e.g. 1,8,64");
        assertThatThrownBy(() -> BatchList.parse("1:8")).hasMessageContaining("e.g. 1:1024:x2");
        assertThatThrownBy(() -> BatchList.parse("1:8:x1")).hasMessageContaining("never ends");
        assertThatThrownBy(() -> BatchList.parse("1:8:+0")).hasMessageContaining("never ends");
        assertThatThrownBy(() -> BatchList.parse("8:1:x2")).hasMessageContaining("is empty");
    }
}
