package io.neurojoule.workload.worker;

import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;

/// Turns whatever a network throws into what the protocol knows.
final class Guard {
    private Guard() {}

    /// A call into the network.
    interface Call<T> {
        T call() throws NetworkException;
    }

    static <T> T guarded(Call<T> call) throws NetworkException {
        try {
            return call.call();
        } catch (OutOfMemoryError full) {
            throw because(Code.OUT_OF_MEMORY, full);
        } catch (RuntimeException | LinkageError | StackOverflowError broken) {
            throw because(Code.INTERNAL, broken);
        }
    }

    private static NetworkException because(Code code, Throwable cause) {
        NetworkException failure = new NetworkException(code, cause.toString());
        failure.initCause(cause);
        return failure;
    }
}
