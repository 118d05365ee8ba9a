package io.neurojoule.sensor.nvml;

import com.sun.management.ThreadMXBean;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import io.neurojoule.sensor.SensorGoneException;
import io.neurojoule.sensor.SourceConfig;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// What runs under the laboratory: `read SECONDS` prints all channels and readings, `lose SECONDS` as well and loses
/// the first GPU
/// after half of them, `cost READS` prints what a read takes.
final class NvmlProbe {
    private static final long PERIOD_NANOS = 10_000_000L;

    private NvmlProbe() {}

    public static void main(String[] arguments) throws Exception {
        Ticker ticker = Ticker.monotonic();
        Discovery found = new NvmlSource().discover(SourceConfig.thisMachine());
        found.missing()
                .forEach(missing -> System.out.printf(
                        "missing\t%s\t%s\t%s\t%s%n", missing.code(), missing.state(), missing.what(), missing.why()));
        found.sensors().stream()
                .flatMap(sensor -> sensor.channels().stream())
                .forEach(channel -> System.out.printf(
                        "channel\t%s\t%s\t%s\t%d\t%d\t%s%n",
                        channel.id(),
                        channel.quantity(),
                        channel.scale(),
                        channel.refresh().toNanos(),
                        channel.averagedOver().toNanos(),
                        channel.maxWatts().orElse(0)));
        if (arguments[0].equals("cost")) {
            for (Sensor sensor : found.sensors()) {
                cost(sensor, Integer.parseInt(arguments[1]), ticker);
            }
            return;
        }
        long start = ticker.nanos();
        long length = (long) (Double.parseDouble(arguments[1]) * 1e9);
        boolean lost = false;
        for (long due = start; due < start + length; due += PERIOD_NANOS) {
            if (arguments[0].equals("lose") && !lost && due > start + length / 2) {
                lose();
                lost = true;
            }
            for (Sensor sensor : found.sensors()) {
                print(sensor, ticker);
            }
            for (long wait = due - ticker.nanos(); wait > 0; wait = due - ticker.nanos()) {
                LockSupport.parkNanos(wait);
            }
        }
        for (Sensor sensor : found.sensors()) {
            sensor.close();
        }
    }

    private static void lose() throws IOException, InterruptedException {
        Map<String, String> lab = System.getenv();
        int unused = new ProcessBuilder(
                        lab.getOrDefault("POWERLAB", ""),
                        "fault",
                        lab.getOrDefault("POWERLAB_STATE", ""),
                        "nvml:0,lost")
                .inheritIO()
                .start()
                .waitFor();
    }

    private static void print(Sensor sensor, Ticker ticker) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        long before = ticker.nanos();
        try {
            sensor.read(reading);
        } catch (SensorGoneException e) {
            System.out.printf("gone\t%s\t%s%n", sensor.id(), e.getMessage());
            return;
        }
        long took = ticker.nanos() - before;
        for (int i = 0; i < reading.size(); i++) {
            String id = sensor.channels().get(i).id();
            if (reading.isSet(i)) {
                long at = reading.isStamped(i) ? reading.sourceNanos(i) : before + took / 2;
                System.out.printf("value\t%s\t%d\t%d\t%d\t%b%n", id, at, took, reading.raw(i), reading.isStamped(i));
            } else {
                System.out.printf("gap\t%s\t%s%n", id, reading.failure(i));
            }
        }
    }

    private static void cost(Sensor sensor, int reads, Ticker ticker) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int round = 0; round < 2; round++) {
            long bytes = threads.getCurrentThreadAllocatedBytes();
            long start = ticker.nanos();
            for (int i = 0; i < reads; i++) {
                reading.clear();
                sensor.read(reading);
            }
            long nanos = ticker.nanos() - start;
            bytes = threads.getCurrentThreadAllocatedBytes() - bytes;
            System.out.printf(
                    "cost\t%s\t%d\t%d\t%.2f%n", sensor.id(), reading.size(), nanos / reads, bytes / (double) reads);
        }
        sensor.close();
    }
}
