package io.neurojoule.sensor.ipmi;

import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The sensor data repository: what sensors a controller has. Read once; a record without watts costs two requests.
///
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
///     2.0, 33.9 to 33.12</a>
final class Sdr {
    /// Where a full record has its units.
    static final int UNITS = 20;

    private static final int LAST = 0xFFFF;
    private static final int HEADER_BYTES = 5;
    private static final int CHUNK_BYTES = 16;
    private static final int SMALLEST_CHUNK_BYTES = 4;
    private static final int RESERVATIONS = 5;
    private static final long ANSWER_NANOS = 4_000_000_000L;

    private final Bmc bmc;
    private final Ticker ticker;
    private int chunk = CHUNK_BYTES;
    private int reservation;
    private int reserved;

    private Sdr(Bmc bmc, Ticker ticker) {
        this.bmc = bmc;
        this.ticker = ticker;
    }

    /// All sensors of watts, in the order of the repository.
    ///
    /// @param troubles sensors of watts that cannot be read, and why
    /// @throws IOException if the repository cannot be read, or not within the time
    static List<PowerSensor> powerSensors(Bmc bmc, Ticker ticker, long untilNanos, PowerSensor.Troubles troubles)
            throws IOException {
        return new Sdr(bmc, ticker).scan(untilNanos, troubles);
    }

    private List<PowerSensor> scan(long untilNanos, PowerSensor.Troubles troubles) throws IOException {
        List<PowerSensor> sensors = new ArrayList<>();
        reserve();
        int id = 0;
        while (id != LAST) {
            if (ticker.nanos() > untilNanos) {
                throw new IOException(
                        "the sensor data repository of %s is too slow: %d sensors of watts until record 0x%04x"
                                .formatted(bmc.where(), sensors.size(), id));
            }
            byte[] header = part(id, 0, HEADER_BYTES);
            int length = HEADER_BYTES + Bytes.u8(header, 6);
            if (Bytes.u8(header, 5) == PowerSensor.FULL_RECORD && length >= PowerSensor.FIXED_BYTES) {
                byte[] units = part(id, UNITS, 2);
                if (PowerSensor.isWatts(Bytes.u8(units, 2), Bytes.u8(units, 3))) {
                    PowerSensor.parse(whole(id, length), troubles).ifPresent(sensors::add);
                }
            }
            int next = Bytes.u16(header, 0);
            if (next == id) {
                throw new IOException("the sensor data repository of %s names record 0x%04x as its own next"
                        .formatted(bmc.where(), id));
            }
            id = next;
        }
        return sensors;
    }

    private byte[] whole(int id, int length) throws IOException {
        byte[] record = new byte[length];
        int at = 0;
        while (at < length) {
            int count = Math.min(chunk, length - at);
            try {
                System.arraycopy(part(id, at, count), 2, record, at, count);
                at += count;
            } catch (CompletionException e) {
                if (e.code() != CompletionException.CANNOT_RETURN_SO_MANY || chunk <= SMALLEST_CHUNK_BYTES) {
                    throw e;
                }
                chunk /= 2;
            }
        }
        return record;
    }

    /// The id of the next record, then `count` bytes.
    private byte[] part(int id, int offset, int count) throws IOException {
        while (true) {
            Request request = Request.of(
                    Request.STORAGE, 0x23, "Get SDR", reservation, reservation >> 8, id, id >> 8, offset, count);
            try {
                byte[] answer = bmc.ask(request, ticker.nanos() + ANSWER_NANOS);
                if (answer.length < 2 + count) {
                    throw new IOException("%s: %d bytes instead of %d".formatted(request, answer.length - 2, count));
                }
                return answer;
            } catch (CompletionException e) {
                if (e.code() != CompletionException.RESERVATION_CANCELLED || reserved >= RESERVATIONS) {
                    throw e;
                }
                reserve();
            }
        }
    }

    /// Another reader may cancel it at any time.
    private void reserve() throws IOException {
        reserved++;
        byte[] answer =
                bmc.ask(Request.of(Request.STORAGE, 0x22, "Reserve SDR Repository"), ticker.nanos() + ANSWER_NANOS);
        if (answer.length < 2) {
            throw new IOException("Reserve SDR Repository: %d bytes instead of 2".formatted(answer.length));
        }
        reservation = Bytes.u16(answer, 0);
    }
}
