package io.neurojoule.sensor.battery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.neurojoule.sensor.Channel;
import io.neurojoule.sensor.Component;
import io.neurojoule.sensor.Component.Kind;
import io.neurojoule.sensor.Discovery;
import io.neurojoule.sensor.Discovery.Missing;
import io.neurojoule.sensor.Quantity;
import io.neurojoule.sensor.Reading;
import io.neurojoule.sensor.Sensor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatterySourceTest {
    @TempDir
    Path root;

    private BatteryTree tree = new BatteryTree(Path.of(""));

    @BeforeEach
    void tree() {
        tree = new BatteryTree(root.resolve("sys"));
    }

    private Discovery discover() {
        return new BatterySource().discover(tree.config());
    }

    private static Reading read(Sensor sensor) throws IOException {
        Reading reading = new Reading(sensor.channels().size());
        sensor.read(reading);
        return reading;
    }

    private static double watts(Discovery found) throws IOException {
        Sensor sensor = found.sensors().getFirst();
        return read(sensor).raw(0) * sensor.channels().getFirst().scale();
    }

    @Test
    void aBatteryThatFeedsTheMachineTellsTheDrawOfTheNode() throws IOException {
        tree.battery("BAT0", "Discharging").with("power_now", 9_250_000);

        Discovery found = discover();
        Channel channel = found.sensors().getFirst().channels().getFirst();

        assertThat(watts(found)).isEqualTo(9.25);
        assertThat(channel.id()).isEqualTo("battery:node");
        assertThat(channel.component()).isEqualTo(Component.of(Kind.NODE, "node"));
    }

    @Test
    void withoutAPowerFileItIsVoltsTimesAmperesAndBothAreKept() throws IOException {
        tree.battery("BAT0", "Discharging").with("voltage_now", 11_400_000).with("current_now", 1_500_000);

        Discovery found = discover();
        Sensor sensor = found.sensors().getFirst();

        assertThat(read(sensor).raw(0)).isEqualTo(11_400_000L * 1_500_000L);
        assertThat(watts(found)).isEqualTo(17.1);
        assertThat(sensor.channels())
                .extracting(Channel::quantity)
                .containsExactly(Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT);
        assertThat(read(sensor).raw(2)).isEqualTo(1_500_000);
    }

    @Test
    void aDriverThatCountsWhatFlowsOutBelowZeroGivesTheSameDraw() throws IOException {
        tree.battery("BAT0", "Discharging").with("voltage_now", 11_400_000).with("current_now", -1_500_000);

        assertThat(watts(discover())).isEqualTo(17.1);
    }

    @Test
    void twoBatteriesFeedOneMachine() throws IOException {
        tree.battery("BAT0", "Discharging").with("power_now", 7_000_000);
        tree.battery("BAT1", "Unknown").with("power_now", 0);

        assertThat(watts(discover())).isEqualTo(7);
    }

    @Test
    void onMainsThereIsNoFigureButTheReason() throws IOException {
        tree.battery("BAT0", "Charging").with("power_now", 30_000_000);

        Discovery found = discover();

        assertThat(found.sensors()).isEmpty();
        Missing missing = found.missing().getFirst();
        assertThat(missing.code()).isEqualTo("battery-on-mains");
        assertThat(missing.why()).contains("BAT0: Charging");
    }

    @Test
    void aBatteryThatHelpsAnAdapterIsNotTheWholeDraw() throws IOException {
        tree.battery("BAT0", "Discharging").with("power_now", 5_000_000);
        tree.supply("AC", "Mains").with("online", 1);

        assertThat(discover().missing()).extracting(Missing::code).containsExactly("battery-on-mains");
    }

    @Test
    void anAdapterThatIsPluggedInWhileMeasuringIsAGap() throws IOException {
        tree.battery("BAT0", "Discharging").with("power_now", 5_000_000);
        BatteryTree.Supply mains = tree.supply("AC", "Mains").with("online", 0);
        Sensor sensor = discover().sensors().getFirst();
        assertThat(read(sensor).isSet(0)).isTrue();

        mains.with("online", 1);

        assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class).hasMessageContaining("plugged in");
    }

    @Test
    void aBatteryThatIsChargedWhileMeasuringIsAGap() throws IOException {
        BatteryTree.Supply battery = tree.battery("BAT0", "Discharging").with("power_now", 5_000_000);
        Sensor sensor = discover().sensors().getFirst();

        for (String status : new String[] {"Charging", "Not charging", "Full", "", "Dis", "Discharging now"}) {
            battery.with("status", status);
            assertThatThrownBy(() -> read(sensor)).as(status).isInstanceOf(IOException.class);
        }
        battery.with("status", "Discharging");
        assertThat(read(sensor).raw(0)).isEqualTo(5_000_000);
    }

    @Test
    void aBatteryThatSaysZeroHasSaidNothing() throws IOException {
        tree.battery("BAT0", "Discharging").with("power_now", 0);
        Sensor sensor = discover().sensors().getFirst();

        assertThatThrownBy(() -> read(sensor)).isInstanceOf(IOException.class);
    }

    @Test
    void theBatteryOfAMouseIsNotTheMachines() throws IOException {
        tree.battery("hidpp_battery_0", "Discharging").with("scope", "Device").with("power_now", 100_000);

        assertThat(discover().missing()).extracting(Missing::code).containsExactly("battery-absent");
    }

    @Test
    void aBatteryThatTellsOnlyItsPercentageHasNoFigure() throws IOException {
        tree.battery("BAT0", "Discharging").with("capacity", 80);

        assertThat(discover().missing()).extracting(Missing::code).containsExactly("battery-no-power");
    }

    @Test
    void aReadMakesNoGarbage() throws IOException {
        tree.battery("BAT0", "Discharging").with("voltage_now", 11_400_000).with("current_now", 1_500_000);
        tree.supply("AC", "Mains").with("online", 0);
        Sensor sensor = discover().sensors().getFirst();
        Reading reading = new Reading(sensor.channels().size());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            sensor.read(reading);
        }

        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            sensor.read(reading);
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;

        assertThat(bytes / 20_000.0).isLessThan(1);
    }
}
