package io.neurojoule.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.ffm.NativeLibrary.NativeLibraryException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NativeLibraryTest {
    private static final List<String> LIBC = List.of("no-such-library.so", "libc.so.6", "libc.musl-x86_64.so.1");

    record Present(
            @CFunction(value = "getpid", returns = int.class)
            Optional<MethodHandle> pid,

            @CFunction(value = "no_such_function", returns = int.class)
            Optional<MethodHandle> absent) {}

    record Absent(
            @CFunction(value = "no_such_function", returns = int.class)
            MethodHandle absent) {}

    @Test
    void anOptionalFunctionIsBoundWhereTheLibraryHasIt() throws Throwable {
        Present libc = NativeLibrary.bind(Present.class, MethodHandles.lookup(), LIBC);

        assertThat((int) libc.pid().orElseThrow().invokeExact())
                .isEqualTo((int) ProcessHandle.current().pid());
        assertThat(libc.absent()).isEmpty();
    }

    @Test
    void aFunctionThatIsNotOptionalMustBeThere() {
        assertThatThrownBy(() -> NativeLibrary.bind(Absent.class, MethodHandles.lookup(), LIBC))
                .isInstanceOf(NativeLibraryException.class)
                .hasMessageContaining("no_such_function");
    }
}
