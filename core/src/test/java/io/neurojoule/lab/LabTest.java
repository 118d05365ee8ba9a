package io.neurojoule.lab;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Marks a test that needs the emulated sensors of `lab/`; on a method it also says that the method is a test.
///
/// Where the lab cannot run the test is disabled, and the reason names what to install. With `CI=true` in the
/// environment it fails instead, so that a build server cannot pass by skipping. Each test that ran adds a line to
/// `target/lab-tests.txt`.
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Test
@ExtendWith(LabExtension.class)
public @interface LabTest {
    /// Programs beyond those of the lab itself, e.g. `ipmi_sim`; without them the test is treated as without the lab.
    String[] needs() default {};
}
