import io.neurojoule.workload.Capabilities;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkSource;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// A network of your own in Java. The dots stand where your framework goes; what is here runs as it is.
///
/// META-INF/services names this class; `adapter: my-net` in an experiment file finds it by its name.
public final class MyNet implements NetworkSource {
    @Override
    public String name() {
        return "my-net";
    }

    @Override
    public Network open() {
        return new Net();
    }

    private static final class Net implements Network {
        private float[] weights = {};
        private float[] x = {};
        private float[] packed = {};
        private float[] y = {};
        private int batch;

        @Override
        public Capabilities capabilities() {
            return new Capabilities(
                    "my-net",
                    List.of("fp32"),
                    List.of("pack", "execute"),
                    List.of(), // those that only(phase) can run alone
                    Optional.of("frame"),
                    Optional.empty(),
                    true,
                    true);
        }

        @Override
        public Loaded load(LoadRequest request) throws NetworkException {
            close();
            if (!request.precision().equals("fp32")) {
                throw new NetworkException(NetworkException.Code.UNSUPPORTED, "only fp32");
            }
            weights = new float[64]; // … load your model; never go on with another precision than the one asked
            Arrays.fill(weights, 1.5f);
            return Loaded.silent();
        }

        @Override
        public void prepare(int batch, List<InputSpec> inputs) {
            if (weights.length == 0) {
                throw new IllegalStateException("nothing is loaded");
            }
            this.batch = batch;
            x = new float[batch * weights.length]; // … make the inputs of one batch, seeded
            Arrays.fill(x, 0.5f);
            packed = new float[x.length];
            y = new float[x.length];
        }

        /// One batch. Return when the device has finished: synchronise here, or the energy of the rest is missed.
        @Override
        public void step(Phases phases) {
            if (batch == 0) {
                throw new IllegalStateException("nothing is prepared");
            }
            phases.enter("pack");
            System.arraycopy(x, 0, packed, 0, x.length);
            phases.enter("execute");
            for (int i = 0; i < packed.length; i++) {
                y[i] = (float) Math.tanh(packed[i] * weights[i % weights.length]);
            }
        }

        @Override
        public List<Tensor> outputs() {
            step(Phases.NONE);
            double[] values = new double[y.length];
            for (int i = 0; i < y.length; i++) {
                values[i] = y[i];
            }
            return List.of(new Tensor("y", List.of((long) batch, (long) weights.length), values));
        }

        @Override
        public void close() {
            batch = 0;
            weights = new float[0];
        }
    }
}
