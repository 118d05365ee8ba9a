package io.neurojoule.sensor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// A sensor whose values are whole numbers in files of /sys: each channel is one of them, a product of two (volts by
/// amperes), or a sum of such terms. Every file is read once per read and stays open; a read makes no garbage.
///
/// Used by one thread at a time.
public final class FileSensor implements Sensor {
    private final String id;
    private final String via;
    private static final long ALL_ONES = 0xFFFF_FFFFL;

    private final List<Column> columns;
    private final List<Channel> channels;
    private final List<NumberFile> files;
    private final int[][][] terms;
    private final long[] values;
    private final @Nullable String[] failures;

    private FileSensor(String id, String via, List<Column> columns, Map<Path, NumberFile> opened) {
        this.id = id;
        this.via = via;
        this.columns = List.copyOf(columns);
        channels = columns.stream().map(Column::channel).toList();
        List<Path> order = List.copyOf(opened.keySet());
        files = order.stream().map(opened::get).toList();
        terms = columns.stream()
                .map(column -> column.terms().stream()
                        .map(term -> term.stream().mapToInt(order::indexOf).toArray())
                        .toArray(int[][]::new))
                .toArray(int[][][]::new);
        values = new long[files.size()];
        failures = new @Nullable String[files.size()];
    }

    /// How one channel's raw value is made.
    ///
    /// @param terms   what is added; each term is one file, or several that are multiplied
    /// @param noValue raw values by which the hardware says that it has none: a gap
    /// @param isRegister whether the files show registers of 32 bits without sign: one that reads as all ones, or that
    /// a
    ///                   driver prints as a negative number, was not read
    /// @param neverZero  files that are not 0 while the hardware runs: such a 0 is a reading that failed
    public record Column(
            Channel channel, List<List<Path>> terms, List<Long> noValue, boolean isRegister, List<Path> neverZero) {
        public Column {
            terms = terms.stream().map(List::copyOf).toList();
            noValue = List.copyOf(noValue);
            neverZero = List.copyOf(neverZero);
        }

        public Column(Channel channel, List<List<Path>> terms, List<Long> noValue) {
            this(channel, terms, noValue, false, List.of());
        }

        public static Column of(Channel channel, Path file) {
            return new Column(channel, List.of(List.of(file)), List.of());
        }

        public static Column product(Channel channel, Path one, Path other) {
            return new Column(channel, List.of(List.of(one, other)), List.of());
        }

        /// The same, where these raw values mean that there is none.
        public Column without(Long... values) {
            return new Column(channel, terms, List.of(values), isRegister, neverZero);
        }

        /// The same, of registers without sign, of which these files are never 0.
        public Column ofRegisters(List<Path> notZero) {
            return new Column(channel, terms, noValue, true, notZero);
        }
    }

    /// Opens what can be opened and read; empty if that is nothing.
    ///
    /// @param refused receives each column that cannot be read, and why
    public static Optional<FileSensor> open(
            String id, String via, List<Column> columns, BiConsumer<Column, IOException> refused) {
        Map<Path, NumberFile> opened = new LinkedHashMap<>();
        List<Column> readable = new ArrayList<>();
        for (Column column : columns) {
            try {
                opened.putAll(opened(column, opened));
                readable.add(column);
            } catch (IOException e) {
                refused.accept(column, e);
            }
        }
        return readable.isEmpty() ? Optional.empty() : Optional.of(new FileSensor(id, via, readable, opened));
    }

    private static Map<Path, NumberFile> opened(Column column, Map<Path, NumberFile> before) throws IOException {
        Map<Path, NumberFile> more = new LinkedHashMap<>();
        try {
            for (List<Path> term : column.terms()) {
                for (Path file : term) {
                    if (!before.containsKey(file) && !more.containsKey(file)) {
                        more.put(file, NumberFile.open(file));
                    }
                }
            }
        } catch (IOException e) {
            for (NumberFile file : more.values()) {
                file.close();
            }
            throw e;
        }
        return more;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public List<Channel> channels() {
        return channels;
    }

    @Override
    public String via() {
        return via;
    }

    /// A file that cannot be read is a gap in the channels that need it.
    ///
    /// @throws SensorGoneException if all files have vanished
    @Override
    public void read(Reading out) throws IOException {
        int gone = 0;
        for (int i = 0; i < values.length; i++) {
            try {
                values[i] = files.get(i).read();
                failures[i] = null;
            } catch (SensorGoneException e) {
                failures[i] = SensorGoneException.GONE + e.getMessage();
                gone++;
            } catch (IOException e) {
                failures[i] = String.valueOf(e.getMessage());
            }
        }
        if (gone == values.length) {
            throw new SensorGoneException(id + " has vanished");
        }
        for (int c = 0; c < terms.length; c++) {
            put(c, out);
        }
    }

    private void put(int c, Reading out) {
        long sum = 0;
        for (int[] term : terms[c]) {
            long product = 1;
            for (int file : term) {
                String failure = failures[file];
                if (failure != null) {
                    out.fail(c, failure);
                    return;
                }
                if (isNoReading(c, file)) {
                    out.fail(c, files.get(file).path() + " shows a register that was not read");
                    return;
                }
                if (overflows(product, values[file])) {
                    out.fail(c, "the product of its files is beyond 63 bits");
                    return;
                }
                product *= values[file];
            }
            sum += product;
        }
        Column column = columns.get(c);
        if (isNoValue(column.noValue(), sum)) {
            out.fail(c, "the hardware says that it has no value");
        } else if (sum < 0 && column.channel().quantity() == Quantity.ENERGY) {
            out.fail(c, "a negative energy");
        } else {
            out.set(c, sum);
        }
    }

    private boolean isNoReading(int c, int file) {
        Column column = columns.get(c);
        long value = values[file];
        return column.isRegister()
                && (value < 0
                        || value == ALL_ONES
                        || (value == 0
                                && column.neverZero().contains(files.get(file).path())));
    }

    /// Two bits are kept free, so that four terms can be added.
    private static boolean overflows(long one, long other) {
        long high = Math.multiplyHigh(one, other);
        long low = one * other;
        return high != low >> 63 || Math.abs(low) > Long.MAX_VALUE / 4;
    }

    private static boolean isNoValue(List<Long> noValue, long raw) {
        for (int i = 0; i < noValue.size(); i++) {
            if (noValue.get(i) == raw) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        for (NumberFile file : files) {
            file.close();
        }
    }
}
