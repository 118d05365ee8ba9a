package io.neurojoule.workload.inputs;

import io.neurojoule.graph.BatchAxis;
import io.neurojoule.graph.Dimension;
import io.neurojoule.graph.Port;
import io.neurojoule.plugin.Spelling;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Shapes and values of a network's inputs for one batch.
///
/// @param ports     the inputs of the network, in its own order
/// @param batchAxis where they have their batch
/// @param batch     elements in one step
/// @param specs     what the user said; an input that is not named gets seeded values
public record Inputs(List<Port> ports, BatchAxis batchAxis, int batch, List<InputSpec> specs) {
    private static final Pattern UNIFORM = Pattern.compile("uniform\\(\\s*([^,\\s]+)\\s*,\\s*([^)\\s]+)\\s*\\)");

    /// Odd multiplier of SplittableRandom's own mixing (golden ratio), so that inputs of one seed differ.
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    public Inputs {
        ports = List.copyOf(ports);
        specs = List.copyOf(specs);
    }

    /// One input for each port.
    ///
    /// @throws NetworkException    INVALID_INPUT with the line to type; UNSUPPORTED if the batch cannot be had
    /// @throws ArithmeticException if an input is larger than 2 GiB
    public List<Input> filled() throws NetworkException {
        requireKnownNames();
        if (batchAxis.fixed().isPresent() && batchAxis.fixed().getAsLong() != batch) {
            throw new NetworkException(
                    Code.UNSUPPORTED,
                    "the model's batch is fixed to %d (input %s), so a batch of %d cannot be run"
                            .formatted(batchAxis.fixed().getAsLong(), ports.getFirst(), batch));
        }
        List<Input> inputs = new ArrayList<>();
        for (Port port : ports) {
            inputs.add(filled(port, inputs.size()));
        }
        return inputs;
    }

    private void requireKnownNames() throws NetworkException {
        List<String> names = ports.stream().map(Port::name).toList();
        for (InputSpec spec : specs) {
            if (spec.name().isEmpty() ? names.size() != 1 : !names.contains(spec.name())) {
                throw invalid("the model has no input '%s'; %s"
                        .formatted(
                                spec.name(),
                                Spelling.suggest(spec.name(), names)
                                        .map(near -> "did you mean " + near + "?")
                                        .orElse("it has " + ports)));
            }
        }
    }

    private Optional<InputSpec> spec(Port input) {
        return specs.stream()
                .filter(spec -> spec.name().isEmpty() || spec.name().equals(input.name()))
                .findFirst();
    }

    private Input filled(Port input, int index) throws NetworkException {
        Optional<InputSpec> spec = spec(input);
        String dtype = spec.map(InputSpec::dtype).orElse("");
        if (!dtype.isEmpty() && !dtype.equals(input.dtype())) {
            throw invalid("input %s is %s in the model, not %s".formatted(input.name(), input.dtype(), dtype));
        }
        String source = spec.map(InputSpec::source).orElse("");
        Optional<NumpyArray> array =
                source.endsWith(".npy") ? Optional.of(numpy(input, source)) : Optional.<NumpyArray>empty();
        long[] shape = shape(input, spec.map(InputSpec::shape).orElse(List.of()), array);
        ElementType type = ElementType.of(input.dtype())
                .orElseThrow(() -> new NetworkException(
                        Code.UNSUPPORTED, "input %s cannot be filled: its type is not a number".formatted(input)));
        long seed = spec.map(InputSpec::seed).orElse(1L) ^ (index * GOLDEN);
        int count = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
        IntToDoubleFunction values = array.isPresent()
                ? repeated(input, array.get(), count)
                : values(input, source, type, new SplittableRandom(seed));
        ByteBuffer data = ByteBuffer.allocateDirect(Math.multiplyExact(count, type.size()))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            type.put(data, values.applyAsDouble(i));
        }
        return new Input(input.name(), type, Arrays.stream(shape).boxed().toList(), data.flip());
    }

    private static NumpyArray numpy(Port input, String source) throws NetworkException {
        try {
            return NumpyArray.read(Path.of(source));
        } catch (IOException e) {
            throw invalid("cannot read %s for input %s: %s".formatted(source, input.name(), e.getMessage()));
        }
    }

    private static IntToDoubleFunction repeated(Port input, NumpyArray array, int count) throws NetworkException {
        double[] values = array.values();
        if (values.length == 0 || count % values.length != 0) {
            throw invalid("input %s needs %d values, and the %d of the file do not fill them evenly"
                    .formatted(input.name(), count, values.length));
        }
        return i -> values[i % values.length];
    }

    private static IntToDoubleFunction values(Port input, String source, ElementType type, SplittableRandom random)
            throws NetworkException {
        boolean real = type.real();
        if (source.isEmpty()) {
            return real ? i -> random.nextDouble() : i -> 0;
        }
        Matcher uniform = UNIFORM.matcher(source);
        try {
            if (!uniform.matches()) {
                double value = Double.parseDouble(source);
                return i -> value;
            }
            double low = Double.parseDouble(uniform.group(1));
            double high = Double.parseDouble(uniform.group(2));
            if (low < high) {
                return i -> random.nextDouble(low, high);
            }
        } catch (NumberFormatException e) {
            throw invalid("input %s: '%s' is neither uniform(LOW, HIGH), nor a number, nor a .npy file"
                    .formatted(input.name(), source));
        }
        throw invalid("input %s: %s needs LOW < HIGH".formatted(input.name(), source));
    }

    private long[] shape(Port input, List<String> said, Optional<NumpyArray> array) throws NetworkException {
        int rank = input.dims().size();
        if (!said.isEmpty() && said.size() != rank) {
            throw invalid("input %s has %d axes; the shape given has %d: %s"
                    .formatted(input, rank, said.size(), String.join(",", said)));
        }
        long[] shape = new long[rank];
        for (int axis = 0; axis < rank; axis++) {
            Dimension dim = input.dims().get(axis);
            boolean isBatch = Integer.valueOf(axis).equals(batchAxis.axes().get(input.name()));
            if (!said.isEmpty()) {
                shape[axis] = said(input, said, axis);
            } else if (dim instanceof Dimension.Fixed fixed) {
                shape[axis] = fixed.extent();
            } else if (isBatch) {
                shape[axis] = batch;
            } else if (array.isPresent() && array.get().shape().length == rank) {
                shape[axis] = array.get().shape()[axis];
            } else {
                throw invalid("the shape of input %s is open; say it, for example: --shape %s"
                        .formatted(input, example(input)));
            }
        }
        return shape;
    }

    private long said(Port input, List<String> said, int axis) throws NetworkException {
        String text = said.get(axis);
        long extent;
        try {
            extent = text.equals("N") ? batch : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw invalid("a shape is made of numbers, and N for the batch: %s=%s"
                    .formatted(input.name(), String.join(",", said)));
        }
        if (extent < 1 || (input.dims().get(axis) instanceof Dimension.Fixed fixed && fixed.extent() != extent)) {
            throw invalid("axis %d of input %s cannot be %d".formatted(axis, input, extent));
        }
        return extent;
    }

    /// Images get the 320 of common detectors, all else 512: only an example to edit.
    private String example(Port input) {
        int rank = input.dims().size();
        Integer own = batchAxis.axes().get(input.name());
        return input.name() + "="
                + IntStream.range(0, rank)
                        .mapToObj(axis -> {
                            if (input.dims().get(axis) instanceof Dimension.Fixed fixed) {
                                return Long.toString(fixed.extent());
                            }
                            return Integer.valueOf(axis).equals(own) ? "N" : rank == 4 ? "320" : "512";
                        })
                        .collect(Collectors.joining(","));
    }

    private static NetworkException invalid(String message) {
        return new NetworkException(Code.INVALID_INPUT, message);
    }
}
