package io.neurojoule.ffm;

import static java.lang.invoke.MethodType.methodType;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Binds a C library to a record of method handles, one component per function.
///
/// A component of type `Optional<MethodHandle>` is a function that some versions of the library lack.
public final class NativeLibrary {
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private NativeLibrary() {}

    /// Binds the functions of one library.
    ///
    /// @param names file names to try in turn, e.g. `libnvidia-ml.so.1`
    /// @throws NativeLibraryException if no file is there, or a function that is not optional is not in it
    public static <R extends Record> R bind(Class<R> functions, MethodHandles.Lookup caller, List<String> names)
            throws NativeLibraryException {
        SymbolLookup library = find(names);
        RecordComponent[] components = functions.getRecordComponents();
        Object[] handles = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            CFunction c = components[i].getAnnotation(CFunction.class);
            if (c == null) {
                throw new IllegalArgumentException(
                        functions.getName() + "." + components[i].getName() + " has no @CFunction");
            }
            // Not Linker.Option.critical: these functions enter drivers and may block.
            Optional<MethodHandle> handle = library.find(c.value())
                    .map(address -> Linker.nativeLinker().downcallHandle(address, descriptor(c), options(c)));
            handles[i] = components[i].getType() == Optional.class
                    ? handle
                    : handle.orElseThrow(() -> new NativeLibraryException(c.value() + " is not in " + names));
        }
        try {
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            return functions.cast(caller.findConstructor(functions, methodType(void.class, types))
                    .invokeWithArguments(handles));
        } catch (Throwable e) {
            throw new IllegalArgumentException("cannot make a " + functions.getName(), e);
        }
    }

    /// What a function that captures errno writes it into.
    public static MemoryLayout errnoLayout() {
        return Linker.Option.captureStateLayout();
    }

    /// The errno of the last captured call; meaningful only if that call failed.
    public static int errno(MemorySegment captured) {
        return captured.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    private static Linker.Option[] options(CFunction c) {
        return c.capturesErrno()
                ? new Linker.Option[] {Linker.Option.captureCallState("errno")}
                : new Linker.Option[] {};
    }

    private static SymbolLookup find(List<String> names) throws NativeLibraryException {
        for (String name : names) {
            try {
                return SymbolLookup.libraryLookup(name, Arena.global());
            } catch (IllegalArgumentException e) {
                // Not there under this name; try the next.
            }
        }
        throw new NativeLibraryException("none of " + names + " is installed");
    }

    private static FunctionDescriptor descriptor(CFunction c) {
        MemoryLayout[] parameters =
                Arrays.stream(c.parameters()).map(NativeLibrary::layout).toArray(MemoryLayout[]::new);
        return c.returns() == void.class
                ? FunctionDescriptor.ofVoid(parameters)
                : FunctionDescriptor.of(layout(c.returns()), parameters);
    }

    private static MemoryLayout layout(Class<?> type) {
        if (type == int.class) {
            return ValueLayout.JAVA_INT;
        }
        if (type == long.class) {
            return ValueLayout.JAVA_LONG;
        }
        if (type == MemorySegment.class) {
            return ValueLayout.ADDRESS;
        }
        throw new IllegalArgumentException("no C type for " + type);
    }

    /// Not a bug: the machine lacks the library.
    public static final class NativeLibraryException extends Exception {
        private static final long serialVersionUID = 1;

        NativeLibraryException(String message) {
            super(message);
        }
    }
}
