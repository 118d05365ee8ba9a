package io.neurojoule.cli;

import io.neurojoule.analysis.Energy;
import io.neurojoule.analysis.Integral;
import io.neurojoule.analysis.WindowEnergy;
import io.neurojoule.sensor.Basis;
import java.util.List;

/// Windows as CSV.
final class WindowTable {
    private WindowTable() {}

    /// `analyze --windows`: one row per window × channel, full precision; no joules where there is no figure.
    static String csv(List<WindowEnergy> rows) {
        StringBuilder out = new StringBuilder("window_id,channel,joules,bound_joules,basis\n");
        for (WindowEnergy row : rows) {
            out.append(row.window().id()).append(',').append(row.channel().id()).append(',');
            switch (row.integral()) {
                case Energy energy ->
                    out.append(energy.joules())
                            .append(',')
                            .append(energy.boundJoules())
                            .append(',')
                            .append(row.channel().basis());
                case Integral.Unavailable none -> out.append(",,").append(Basis.UNAVAILABLE);
            }
            out.append('\n');
        }
        return out.toString();
    }
}
