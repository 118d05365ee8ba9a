package io.neurojoule.analysis;

import io.neurojoule.recording.Signal;
import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Quantity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// Whether the energy counter and a power channel of one component tell the same joules of a run's idle and measured
/// windows.
///
/// @param counter          id of the counter
/// @param power            id of the power channel
/// @param windows          those in which both have a figure
/// @param apart            those of them in which the figures differ by more than both bounds together
/// @param powerOverCounter joules of all these windows; 1 is agreement; empty where there is none
public record CounterCheck(String counter, String power, int windows, int apart, OptionalDouble powerOverCounter) {
    /// A bound may miss the truth now and then; more often than in one window of so many it is wrong.
    private static final int TOLERATED = 10;

    /// Every pair that was recorded.
    static List<CounterCheck> of(List<Window> windows, Joules energies) {
        List<CounterCheck> checks = new ArrayList<>();
        for (Signal one : energies.signals()) {
            for (Signal other : energies.signals()) {
                Channel counter = one.channel();
                Channel power = other.channel();
                if (counter.quantity() == Quantity.ENERGY
                        && power.quantity() == Quantity.POWER
                        && counter.component().equals(power.component())) {
                    checks.add(of(counter.id(), power.id(), windows, energies));
                }
            }
        }
        return checks;
    }

    private static CounterCheck of(String counter, String power, List<Window> windows, Joules energies) {
        double counted = 0;
        double gauged = 0;
        int both = 0;
        int apart = 0;
        for (Window window : windows) {
            boolean steady = switch (window.kind()) {
                case IDLE_BARE, IDLE_LOADED, MEASURE -> true;
                case LOAD, WARMUP, LATENCY, PHASES, ISOLATED -> false;
            };
            if (steady
                    && energies.of(counter, window) instanceof Energy one
                    && energies.of(power, window) instanceof Energy other) {
                both++;
                counted += one.joules();
                gauged += other.joules();
                apart += Math.abs(one.joules() - other.joules()) > one.boundJoules() + other.boundJoules() ? 1 : 0;
            }
        }
        return new CounterCheck(
                counter,
                power,
                both,
                apart,
                counted > 0 ? OptionalDouble.of(gauged / counted) : OptionalDouble.empty());
    }

    Optional<Finding> finding() {
        return TOLERATED * apart <= windows
                ? Optional.empty()
                : Optional.of(Finding.of(
                                "counter-power-differ",
                                Severity.WARNING,
                                "%s and %s measure the same part and differ by more than both bounds in %d of %d windows%s: one of them is wrong. Compare them with neurojoule doctor --deep, and with a meter"
                                        .formatted(
                                                counter,
                                                power,
                                                apart,
                                                windows,
                                                powerOverCounter.isPresent()
                                                        ? " (power over counter: %.4g)"
                                                                .formatted(powerOverCounter.getAsDouble())
                                                        : ""))
                        .onChannel(power));
    }
}
