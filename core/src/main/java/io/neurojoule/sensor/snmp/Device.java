package io.neurojoule.sensor.snmp;

import io.neurojoule.sensor.Quantity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snmp4j.smi.OID;

/// What a make of power distribution units calls its numbers.
enum Device {
    /// APC by Schneider Electric: PowerNet-MIB. The device's power is in watts where it is known so exactly, else in
    /// 1/100 kW; energies are in 1/10 kWh.
    APC("318") {
        @Override
        List<Item> inlet() {
            return List.of(
                    new Item("inlet", Quantity.POWER, oid("1.1.12.1.16.0"), 1, Optional.empty()),
                    new Item("inlet", Quantity.POWER, oid("1.1.26.4.3.1.5.1"), 10, Optional.empty()),
                    new Item("inlet-energy", Quantity.ENERGY, oid("1.1.26.4.3.1.9.1"), 3.6e5, Optional.empty()));
        }

        @Override
        List<Item> outlet(int n) {
            return List.of(
                    new Item("outlet-" + n, Quantity.POWER, oid("1.1.26.9.4.3.1.7." + n), 1, Optional.empty()),
                    new Item(
                            "outlet-" + n + "-energy",
                            Quantity.ENERGY,
                            oid("1.1.26.9.4.3.1.11." + n),
                            3.6e5,
                            Optional.empty()));
        }
    },
    /// Raritan: PDU2-MIB. Sensor 5 is active power in watts, 8 active energy in watt hours; each says how many decimals
    /// it has.
    RARITAN("13742") {
        @Override
        List<Item> inlet() {
            return items("inlet", "6.5.2.3.1.4.1.1.", "6.3.3.4.1.7.1.1.");
        }

        @Override
        List<Item> outlet(int n) {
            return items("outlet-" + n, "6.5.4.3.1.4.1." + n + ".", "6.3.5.4.1.7.1." + n + ".");
        }

        private List<Item> items(String part, String value, String decimals) {
            return List.of(
                    new Item(part, Quantity.POWER, oid(value + 5), 1, Optional.of(oid(decimals + 5))),
                    new Item(part + "-energy", Quantity.ENERGY, oid(value + 8), 3600, Optional.of(oid(decimals + 8))));
        }
    };

    /// A number of a device.
    ///
    /// @param part     what it is of; of several items of one part, the first that answers is taken
    /// @param unit     watts or joules per step, before decimals
    /// @param decimals where the device says how many decimals the number has
    record Item(String part, Quantity quantity, OID oid, double unit, Optional<OID> decimals) {}

    private static final String ENTERPRISES = "1.3.6.1.4.1.";

    private final String enterprise;

    Device(String enterprise) {
        this.enterprise = enterprise;
    }

    /// All that the (first) unit draws by its (first) inlet.
    abstract List<Item> inlet();

    /// @param n as printed on the device
    abstract List<Item> outlet(int n);

    /// Whether an object of the MIB's system group is of this make.
    boolean isMakerOf(OID object) {
        return object.startsWith(new OID(ENTERPRISES + enterprise));
    }

    /// All items, of these outlets and the inlet.
    List<Item> items(List<Integer> outlets) {
        List<Item> items = new ArrayList<>(inlet());
        outlets.forEach(n -> items.addAll(outlet(n)));
        return items;
    }

    OID oid(String rest) {
        return new OID(ENTERPRISES + enterprise + "." + rest);
    }
}
