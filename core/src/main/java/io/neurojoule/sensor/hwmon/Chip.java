package io.neurojoule.sensor.hwmon;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// One hwmon device: a directory of files with numbers.
///
/// @param id     what it belongs to, stable over reboots: the number of `hwmonN` is not
/// @param name   the driver's name for the chip, e.g. `ina226`
/// @param device where it sits in the device tree; empty for a chip that belongs to nothing
/// @param files  names of the files in it
/// @see <a href="https://docs.kernel.org/hwmon/sysfs-interface.html">naming and data format standards for sysfs
/// files</a>
record Chip(String id, String name, Path directory, Optional<Path> device, Set<String> files) {
    private static final Pattern PCI = Pattern.compile("[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");
    private static final Pattern NUMBERED = Pattern.compile("hwmon(\\d+)");

    Chip {
        files = Collections.unmodifiableSet(new TreeSet<>(files));
    }

    boolean has(String file) {
        return files.contains(file);
    }

    Path file(String file) {
        return directory.resolve(file);
    }

    /// What a file says, without line ends; empty if it is absent, blank or not readable.
    Optional<String> text(String file) {
        return has(file) ? Chip.textOf(file(file)) : Optional.empty();
    }

    /// Empty if the file holds no whole number.
    OptionalLong number(String file) {
        String text = text(file).orElse("");
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /// What the driver calls an attribute: the label of `in1`, or of the whole chip where it has one.
    Optional<String> label(String attribute) {
        return text(attribute + "_label").or(() -> text("label"));
    }

    /// The numbers that an attribute of this kind has, e.g. of `power`, in order.
    List<Integer> numbers(String kind, String suffixes) {
        Pattern pattern = Pattern.compile(kind + "(\\d+)_(" + suffixes + ")");
        Set<Integer> numbers = new TreeSet<>();
        for (String file : files) {
            Matcher matcher = pattern.matcher(file);
            if (matcher.matches()) {
                numbers.add(Integer.valueOf(matcher.group(1)));
            }
        }
        return List.copyOf(numbers);
    }

    /// The address of the PCI function that it belongs to, e.g. `0000:c1:00.1`.
    Optional<String> pci() {
        return device.flatMap(Chip::pciOf);
    }

    private static Optional<String> pciOf(Path device) {
        for (int i = device.getNameCount() - 1; i >= 0; i--) {
            String name = device.getName(i).toString();
            if (PCI.matcher(name).matches()) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    private static Optional<String> textOf(Path file) {
        try {
            return Optional.of(Files.readString(file).strip()).filter(text -> !text.isEmpty());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// All chips below `sysfs`; those of batteries and chargers are left to the source that reads power_supply.
    static List<Chip> find(Path sysfs) {
        List<Chip> found = new ArrayList<>();
        for (Path directory : directories(sysfs.resolve("class/hwmon")).values()) {
            chip(directory).ifPresent(found::add);
        }
        Map<String, Integer> chipsOfDevice = new HashMap<>();
        found.forEach(chip -> chipsOfDevice.merge(chip.id, 1, Integer::sum));
        Set<String> taken = new HashSet<>();
        List<Chip> chips = new ArrayList<>();
        for (Chip chip : found) {
            boolean shares = chipsOfDevice.getOrDefault(chip.id, 1) > 1 && !chip.id.equals(clean(chip.name));
            String base = shares ? chip.id + ":" + clean(chip.name) : chip.id;
            String id = Stream.iterate(1, n -> n + 1)
                    .map(n -> n == 1 ? base : base + "-" + n)
                    .filter(taken::add)
                    .findFirst()
                    .orElse(base);
            chips.add(new Chip(id, chip.name, chip.directory, chip.device, chip.files));
        }
        return chips;
    }

    private static Map<Integer, Path> directories(Path root) {
        Map<Integer, Path> directories = new TreeMap<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(root)) {
            for (Path child : children) {
                Matcher matcher = NUMBERED.matcher(child.getFileName().toString());
                if (matcher.matches()) {
                    directories.put(Integer.valueOf(matcher.group(1)), child);
                }
            }
        } catch (IOException e) {
            // No such directory, or not for us: what it holds is reported as absent.
        }
        return directories;
    }

    /// Empty for what has no name. Older drivers keep name and values in the device's directory (ACPI meters up to
    /// Linux 6.13).
    private static Optional<Chip> chip(Path directory) {
        Optional<Path> device = real(directory.resolve("device"));
        Path base = Files.exists(directory.resolve("name")) ? directory : directory.resolve("device");
        Optional<String> name = textOf(base.resolve("name"));
        if (name.isEmpty() || device.filter(Chip::isPowerSupply).isPresent()) {
            return Optional.empty();
        }
        Set<String> files = new TreeSet<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(base)) {
            children.forEach(child -> files.add(child.getFileName().toString()));
        } catch (IOException e) {
            return Optional.empty();
        }
        String id = device.map(path -> key(path, name.get())).orElseGet(() -> clean(name.get()));
        return Optional.of(new Chip(id, name.get(), base, device, files));
    }

    private static Optional<Path> real(Path link) {
        try {
            return Optional.of(link.toRealPath());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static boolean isPowerSupply(Path device) {
        Path parent = device.getParent();
        return parent != null && parent.endsWith("power_supply");
    }

    /// The device's own name, or its PCI function where the name is given out anew at each start (`….auto`).
    private static String key(Path device, String name) {
        Path last = device.getFileName();
        String own = last == null ? name : last.toString();
        return clean(own.endsWith(".auto") ? pciOf(device).orElse(own) : own);
    }

    private static String clean(String text) {
        return text.replaceAll("[^A-Za-z0-9._:-]", "_");
    }
}
