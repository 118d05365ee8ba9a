package io.neurojoule.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class LabExtensionTest {
    private static final Optional<String> NO_FUSE = Optional.of("there is no /dev/fuse");

    @Test
    void aTestIsSkippedForTheReasonThatKeepsTheLabFromRunning() {
        LabExtension extension = new LabExtension(false, NO_FUSE);

        assertThat(extension.decide().isDisabled()).isTrue();
        assertThat(extension.decide().getReason()).contains("there is no /dev/fuse");
    }

    @Test
    void onABuildServerATestFailsInsteadOfBeingSkipped() {
        LabExtension extension = new LabExtension(true, NO_FUSE);

        assertThat(extension.decide().isDisabled()).isFalse();
        assertThatThrownBy(extension::demand).isInstanceOf(AssertionError.class).hasMessage("there is no /dev/fuse");
    }

    @Test
    void aTestRunsWhereTheLabCan() {
        LabExtension extension = new LabExtension(false, Optional.empty());

        assertThat(extension.decide().isDisabled()).isFalse();
        assertThatCode(extension::demand).doesNotThrowAnyException();
    }
}
