package io.neurojoule.sensor.xrt;

import io.neurojoule.sensor.PciSlot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What `xrt-smi examine` (once `xbutil examine`) says that the cards are: read once, before anything is measured, and
/// for their names only. Its watts are not used: a call takes hundreds of milliseconds.
///
/// @param names the platform of each card, e.g. `xilinx_u280_gen3x16_xdma_base_1`
record Examination(Map<PciSlot, String> names) {
    static final Examination NONE = new Examination(Map.of());

    private static final int PATIENCE_SECONDS = 5;

    private static final List<String> TOOLS = List.of("xrt-smi", "xbutil");

    Examination {
        names = Map.copyOf(names);
    }

    Optional<String> name(String address) {
        return PciSlot.of(address).map(names::get);
    }

    /// From the JSON that the tool writes: a list of devices, of one or of all.
    ///
    /// @throws IOException if it is not JSON
    static Examination parse(String json) throws IOException {
        Map<PciSlot, String> names = new HashMap<>();
        try {
            collect(JsonMapper.shared().readTree(json), names);
        } catch (JacksonException e) {
            throw new IOException("not the JSON of xrt-smi: " + e.getOriginalMessage(), e);
        }
        return new Examination(names);
    }

    /// Older and newer tools differ in where a device stands, not in what it calls its address and its platform.
    private static void collect(JsonNode node, Map<PciSlot, String> names) {
        String address = node.path("bdf").asString(node.path("device_id").asString(""));
        PciSlot.of(address).ifPresent(slot -> platform(node).ifPresent(name -> names.put(slot, name)));
        node.values().forEach(child -> collect(child, names));
    }

    private static Optional<String> platform(JsonNode device) {
        return Stream.concat(device.findValuesAsString("vbnv").stream(), device.findValuesAsString("shell").stream())
                .filter(name -> !name.isBlank())
                .findFirst();
    }

    /// Asks the tool, if it is installed; nothing is known if it is not, fails, or does not answer in time.
    static Examination ask() {
        for (String tool : TOOLS) {
            Optional<Path> program = program(tool);
            if (program.isPresent()) {
                return ask(program.get());
            }
        }
        return NONE;
    }

    private static Optional<Path> program(String name) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.concat(Stream.of(path.split(":", -1)), Stream.of("/opt/xilinx/xrt/bin"))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static Examination ask(Path program) {
        Optional<Path> directory = Optional.empty();
        try {
            directory = Optional.of(Files.createTempDirectory("neurojoule-xrt"));
            Path answer = directory.get().resolve("examine.json");
            Process process = new ProcessBuilder(
                            program.toString(), "examine", "--format", "JSON", "--output", answer.toString())
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                return NONE;
            }
            return process.exitValue() == 0 ? parse(Files.readString(answer)) : NONE;
        } catch (IOException e) {
            return NONE; // names are a convenience: without them the cards are called by their addresses
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return NONE;
        } finally {
            directory.ifPresent(Examination::delete);
        }
    }

    private static void delete(Path directory) {
        try {
            Files.deleteIfExists(directory.resolve("examine.json"));
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            directory.toFile().deleteOnExit();
        }
    }
}
