package io.neurojoule.experiment;

import java.util.Objects;
import java.util.SplittableRandom;

/// What the sensors of the headline need before a measured window.
///
/// @param phaseSeconds a pause of a random length up to this comes before the load begins, so that the load meets the
///                     sensor at another moment of its period in each repeat; 0: none
/// @param riseSeconds  the load goes on for at least so long before the window, until the sensor shows nothing else
public record LeadIn(double phaseSeconds, double riseSeconds) {
    /// For sensors that see all the time and at once.
    public static final LeadIn NONE = new LeadIn(0, 0);

    /// The pause before the load of one visit, in seconds; the same for the same seed.
    double pauseSeconds(long seed, String cellId, int repeat) {
        return phaseSeconds * new SplittableRandom(Objects.hash(seed, cellId, repeat)).nextDouble();
    }
}
