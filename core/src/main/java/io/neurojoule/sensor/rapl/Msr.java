package io.neurojoule.sensor.rapl;

import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.rapl.MsrSensor.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/// The energy registers of the processors, through the kernel's `msr` module: the last resort.
///
/// @param cpus `/dev/cpu`
record Msr(LibC libc, Path cpus, Path sysfs, Registers registers, boolean isAmd) {
    /// The counters of packages or dies and of the platform, by domain id.
    ///
    /// One CPU of each is asked; the platform's register counts on one package only. Intel's count per die, as the
    /// kernel has it, AMD's per package.
    ///
    /// @param wanted which ids to open
    /// @throws ErrnoException if the kernel refuses; nothing is left open
    Map<String, Sensor> domains(Predicate<String> wanted) throws IOException {
        List<Place> places = Place.all(sysfs);
        boolean perDie = !isAmd && Place.isSeveralDies(places);
        Set<String> seen = new HashSet<>();
        Map<String, Sensor> found = new TreeMap<>();
        try {
            for (Place place : places) {
                if (seen.add(place.name(perDie))) {
                    open(place, perDie, wanted, found);
                }
            }
        } catch (IOException e) {
            close(found.values(), e);
            throw e;
        }
        return found;
    }

    private void open(Place place, boolean perDie, Predicate<String> wanted, Map<String, Sensor> found)
            throws IOException {
        long unit = unit(place);
        for (Registers.Counter counter : registers.counters()) {
            Domain domain =
                    counter.part().equals("psys") ? Domain.PSYS : new Domain(counter.part(), place.name(perDie));
            if (wanted.test(domain.id()) && !found.containsKey(domain.id())) {
                counter(place, counter.address(), domain, registers.scale(counter.part(), unit))
                        .ifPresent(one -> found.put(domain.id(), new MsrSensor(domain.id(), List.of(one))));
            }
        }
    }

    /// AMD only: each core of a package, one sensor for each package. A read of it wakes the core.
    ///
    /// @throws ErrnoException if the kernel refuses; nothing is left open
    List<Sensor> cores() throws IOException {
        Map<Integer, List<Counter>> bySocket = new TreeMap<>();
        Set<Place> seen = new HashSet<>();
        try {
            for (Place place : Place.all(sysfs)) {
                if (seen.add(new Place(0, place.socket(), place.die(), place.core()))) {
                    counter(
                                    place,
                                    Registers.AMD_CORE,
                                    Domain.core(place.socket(), place.cpu()),
                                    registers.scale("core", unit(place)))
                            .ifPresent(one -> bySocket.computeIfAbsent(place.socket(), socket -> new ArrayList<>())
                                    .add(one));
                }
            }
        } catch (IOException e) {
            close(sensors(bySocket), e);
            throw e;
        }
        return sensors(bySocket);
    }

    private static List<Sensor> sensors(Map<Integer, List<Counter>> bySocket) {
        List<Sensor> sensors = new ArrayList<>();
        bySocket.forEach((socket, cores) -> sensors.add(new MsrSensor(RaplSource.NAME + ":cores-" + socket, cores)));
        return sensors;
    }

    private long unit(Place place) throws IOException {
        try (MsrFile file = open(place)) {
            return file.read(registers.unit());
        }
    }

    /// Empty if the register does not exist or has never counted, as the kernel tells which domains there are.
    private Optional<Counter> counter(Place place, long address, Domain domain, double scale) throws IOException {
        MsrFile file = open(place);
        try {
            if (MsrSensor.count(file, address) != 0) {
                return Optional.of(new Counter(
                        file, address, RaplSource.channel(domain, Optional.empty(), scale, MsrSensor.WRAPS_AT)));
            }
        } catch (IOException e) {
            if (!(e instanceof ErrnoException refused && refused.is(LibC.EIO))) {
                file.close();
                throw e;
            }
        }
        file.close();
        return Optional.empty();
    }

    private MsrFile open(Place place) throws IOException {
        return MsrFile.open(libc, cpus.resolve(place.cpu() + "/msr"));
    }

    private static void close(Iterable<Sensor> sensors, IOException why) {
        for (Sensor sensor : sensors) {
            try {
                sensor.close();
            } catch (IOException e) {
                why.addSuppressed(e);
            }
        }
    }
}
