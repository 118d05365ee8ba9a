package io.neurojoule.sensor.ipmi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/// A sensor of watts, as a full record (type 01h) of the sensor data repository describes it.
///
/// @param name      as the record spells it, e.g. `PSU1 Input`
/// @param isSigned  whether a raw reading is in two's complement, else unsigned
/// @param scale     watts per raw step
/// @param baseWatts watts at raw 0
/// @see <a
/// href="https://www.intel.com/content/dam/www/public/us/en/documents/specification-updates/ipmi-intelligent-platform-mgt-interface-spec-2nd-gen-v2-0-spec-update.pdf">IPMI
///     2.0, 35.14, 36.3, 43.1</a>
record PowerSensor(String name, int lun, int number, boolean isSigned, double scale, double baseWatts) {
    static final int FULL_RECORD = 0x01;

    /// The smallest record that has everything up to the length of its name.
    static final int FIXED_BYTES = 48;

    private static final int BMC = 0x20;
    private static final int WATTS = 6;
    private static final int UNAVAILABLE = 0x20;
    private static final int SCANNING = 0x40;
    private static final int EIGHT_BIT_TEXT = 3;

    /// Whether a record measures watts, by its bytes at [Sdr#UNITS].
    static boolean isWatts(int units, int baseUnit) {
        // No percentage, no modifier unit and no rate: watts, not watts per something.
        return baseUnit == WATTS && (units & 0x3F) == 0;
    }

    /// @param troubles why a sensor of watts cannot be read; written by [Optional#empty]
    static Optional<PowerSensor> parse(byte[] r, Troubles troubles) {
        if (r.length < FIXED_BYTES || Bytes.u8(r, 3) != FULL_RECORD || !isWatts(Bytes.u8(r, 20), Bytes.u8(r, 21))) {
            return Optional.empty();
        }
        String name = name(r);
        int owner = Bytes.u8(r, 5);
        int format = Bytes.u8(r, 20) >> 6;
        int m = signed(Bytes.u8(r, 24) | ((Bytes.u8(r, 25) & 0xC0) << 2), 10);
        int b = signed(Bytes.u8(r, 26) | ((Bytes.u8(r, 27) & 0xC0) << 2), 10);
        int exponentOfB = signed(Bytes.u8(r, 29) & 0x0F, 4);
        int exponent = signed(Bytes.u8(r, 29) >> 4, 4);
        if (owner != BMC) {
            return troubles.because(name, "it belongs to another controller (0x%02x) behind this one".formatted(owner));
        }
        if ((Bytes.u8(r, 23) & 0x7F) != 0) {
            return troubles.because(name, "its readings are not linear");
        }
        if (format != 0 && format != 2) {
            return troubles.because(name, "its readings are neither unsigned nor in two's complement");
        }
        if (m <= 0) {
            return troubles.because(name, "its factor is not above 0");
        }
        double unit = Math.pow(10, exponent);
        return Optional.of(new PowerSensor(
                name,
                Bytes.u8(r, 6) & 0x03,
                Bytes.u8(r, 7),
                format == 2,
                m * unit,
                b * Math.pow(10, exponentOfB) * unit));
    }

    /// Why a sensor is left out.
    @FunctionalInterface
    interface Troubles {
        void add(String name, String why);

        default Optional<PowerSensor> because(String name, String why) {
            add(name, why);
            return Optional.empty();
        }
    }

    private static String name(byte[] r) {
        int length = Math.min(Bytes.u8(r, 47) & 0x1F, r.length - FIXED_BYTES);
        boolean isText = Bytes.u8(r, 47) >> 6 == EIGHT_BIT_TEXT;
        String text = isText ? new String(r, FIXED_BYTES, length, StandardCharsets.ISO_8859_1).strip() : "";
        return text.isEmpty() ? "sensor %02x".formatted(Bytes.u8(r, 7)) : text;
    }

    private static int signed(int value, int bits) {
        return (value << (32 - bits)) >> (32 - bits);
    }

    /// What its name is in a channel's id, e.g. `psu1-input`.
    String slug() {
        String slug =
                name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9._]+", "-").replaceAll("^-+|-+$", "");
        return slug.isEmpty() ? "sensor-%02x".formatted(number) : slug;
    }

    Request request() {
        return Request.withLun(lun, Request.SENSOR, 0x2D, "Get Sensor Reading of '" + name + "'", number);
    }

    /// The raw reading in an answer.
    ///
    /// @throws IOException if there is none, and why
    long reading(byte[] data) throws IOException {
        if (data.length < 2) {
            throw new IOException("'%s': %d bytes instead of 2".formatted(name, data.length));
        }
        int state = Bytes.u8(data, 1);
        if ((state & UNAVAILABLE) != 0) {
            throw new IOException("'%s': the controller says that its reading is unavailable".formatted(name));
        }
        if ((state & SCANNING) == 0) {
            throw new IOException("'%s': the controller says that it does not scan this sensor".formatted(name));
        }
        int most = isSigned ? Byte.MAX_VALUE : 2 * Byte.MAX_VALUE + 1;
        int raw = isSigned ? data[0] : Bytes.u8(data, 0);
        if (raw == most) {
            throw new IOException("'%s' stands at the end of its scale, %.4g W: the power is that or more"
                    .formatted(name, most * scale + baseWatts));
        }
        return raw;
    }
}
