package io.neurojoule.sensor.ipmi;

import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// All that one controller measures: a read asks for one value after the other, in one session.
///
/// A refused value is a gap in its channel; no answer at all is a gap in all channels. Used by one thread at a time.
final class BmcSensor implements Sensor {
    /// A read never takes longer.
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /// A value and how to ask for it.
    ///
    /// @param request what is asked
    record Part(Channel channel, Request request, Meaning meaning) {}

    /// Puts what an answer means into a reading.
    @FunctionalInterface
    interface Meaning {
        /// @param nowNanos when the answer had come
        /// @throws IOException if it is no value, and why
        void put(byte[] data, Reading out, int channel, long nowNanos) throws IOException;
    }

    private final String id;
    private final Bmc bmc;
    private final List<Part> parts;
    private final List<Channel> channels;
    private final Ticker ticker;

    BmcSensor(String id, Bmc bmc, List<Part> parts, Ticker ticker) {
        this.id = id;
        this.bmc = bmc;
        this.parts = List.copyOf(parts);
        channels = parts.stream().map(Part::channel).toList();
        this.ticker = ticker;
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
        return bmc.via();
    }

    @Override
    public void read(Reading out) throws IOException {
        long until = ticker.nanos() + TIMEOUT.toNanos();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            try {
                byte[] data = bmc.ask(part.request(), until);
                put(part, data, out, i);
            } catch (CompletionException e) {
                out.fail(i, String.valueOf(e.getMessage()));
            }
        }
    }

    private void put(Part part, byte[] data, Reading out, int i) {
        try {
            part.meaning().put(data, out, i, ticker.nanos());
        } catch (IOException e) {
            out.fail(i, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        bmc.close();
    }
}
