package io.neurojoule.workload.process;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/// Seeded damage to lines of the protocol: bytes changed, cut, doubled, values replaced by what nobody expects.
final class Fuzz {
    private static final List<String> VALUES = List.of(
            "0",
            "-1",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "1e400",
            "1e-400",
            "-0.5",
            "NaN",
            "true",
            "null",
            "\"\"",
            "\"8\"",
            "[]",
            "{}",
            "[".repeat(600),
            "\"\\ud800\"",
            "\"a\\u0000b\"",
            "\"../../etc/passwd\"");

    private final SplittableRandom random;

    Fuzz(long seed) {
        random = new SplittableRandom(seed);
    }

    /// One of them.
    <T> T pick(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    /// The line after one to three damages; now and then none.
    byte[] damaged(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        for (int damages = random.nextInt(4); damages > 0; damages--) {
            bytes = damage(bytes);
        }
        return bytes;
    }

    private byte[] damage(byte[] line) {
        if (line.length == 0) {
            return line;
        }
        int at = random.nextInt(line.length);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        switch (random.nextInt(5)) {
            case 0 -> {
                out.writeBytes(line);
                byte[] changed = out.toByteArray();
                changed[at] = (byte) random.nextInt(256);
                return changed;
            }
            case 1 -> out.write(line, 0, at);
            case 2 -> {
                out.write(line, 0, at);
                out.write(line, at / 2, line.length - at / 2);
            }
            default -> {
                String text = new String(line, StandardCharsets.ISO_8859_1);
                int from = text.indexOf(':', at) + 1;
                int to = from;
                while (to < text.length() && ",}]".indexOf(text.charAt(to)) < 0) {
                    to++;
                }
                String changed = text.substring(0, from) + pick(VALUES) + text.substring(to);
                return changed.getBytes(StandardCharsets.ISO_8859_1);
            }
        }
        return out.toByteArray();
    }
}
