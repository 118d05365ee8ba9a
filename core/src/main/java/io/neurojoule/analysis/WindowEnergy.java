package io.neurojoule.analysis;

import io.neurojoule.recording.Window;
import io.neurojoule.sensor.Channel;

/// What one channel says about one window: a row of `analyze --windows`.
public record WindowEnergy(Window window, Channel channel, Integral integral) {}
