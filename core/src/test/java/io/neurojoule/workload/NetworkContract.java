package io.neurojoule.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.plugin.Plugins;
import io.neurojoule.workload.NetworkException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every network plug-in promises; a plug-in's test extends it.
public abstract class NetworkContract {
    /// For artefacts; new for each test.
    @TempDir
    protected Path root;

    /// A new source.
    protected abstract NetworkSource source();

    /// What the source can load; the network takes a batch of 1, 2 and 3.
    protected abstract LoadRequest loadable() throws IOException;

    /// What the source refuses as unsupported: a precision or a device that it does not have; empty if it takes all.
    protected abstract Optional<LoadRequest> unsupported() throws IOException;

    /// What the source cannot load, and is told apart from what it does not support; empty if there is no such thing.
    protected abstract Optional<LoadRequest> broken() throws IOException;

    /// What the user may say about the inputs, with this seed.
    protected abstract List<InputSpec> inputs(long seed);

    private Network prepared(int batch) throws NetworkException, IOException {
        Network network = source().open();
        network.load(loadable());
        network.prepare(batch, inputs(1));
        return network;
    }

    @Test
    void itIsFoundByItsNameAndTheNameIsUnique() {
        Plugins<NetworkSource> plugins = Plugins.load(NetworkSource.class, "network", NetworkSource::name);

        assertThat(source().name()).matches("[a-z][a-z0-9-]*");
        assertThat(plugins.get(source().name())).isInstanceOf(source().getClass());
    }

    @Test
    void itTellsWhatItOffersBeforeItIsLoaded() throws NetworkException {
        try (Network network = source().open()) {
            Capabilities offered = network.capabilities();

            assertThat(offered.name()).isNotBlank();
            assertThat(offered.phases()).doesNotHaveDuplicates();
            assertThat(offered.precisions()).doesNotHaveDuplicates();
        }
    }

    @Test
    void everyOpenedNetworkIsItsOwn() throws NetworkException, IOException {
        try (Network one = prepared(1);
                Network other = source().open()) {
            assertThatThrownBy(() -> other.step(Phases.NONE)).isInstanceOf(Exception.class);
            assertThatCode(() -> one.step(Phases.NONE)).doesNotThrowAnyException();
        }
    }

    @Test
    void aStepBeforePrepareIsRefused() throws NetworkException, IOException {
        try (Network network = source().open()) {
            network.load(loadable());

            assertThatThrownBy(() -> network.step(Phases.NONE)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(network::outputs).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void prepareBeforeLoadIsRefused() throws NetworkException {
        try (Network network = source().open()) {
            assertThatThrownBy(() -> network.prepare(1, inputs(1))).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aNewLoadWantsANewPrepare() throws NetworkException, IOException {
        try (Network network = prepared(1)) {
            network.load(loadable());

            assertThatThrownBy(() -> network.step(Phases.NONE)).isInstanceOf(IllegalStateException.class);
            network.prepare(2, inputs(1));
            network.step(Phases.NONE);
        }
    }

    @Test
    void anotherBatchMayBePreparedAtAnyTime() throws NetworkException, IOException {
        try (Network network = prepared(1)) {
            List<Integer> sizes = new ArrayList<>();
            for (int batch : List.of(1, 3, 2)) {
                network.prepare(batch, inputs(1));
                network.step(Phases.NONE);
                sizes.add(numbers(network.outputs()).size());
            }

            assertThat(sizes.get(1)).isEqualTo(3 * sizes.get(0));
            assertThat(sizes.get(2)).isEqualTo(2 * sizes.get(0));
        }
    }

    @Test
    void theSameSeedGivesTheSameOutputs() throws NetworkException, IOException {
        List<Double> first;
        try (Network network = prepared(2)) {
            network.step(Phases.NONE);
            first = numbers(network.outputs());
            assertThat(numbers(network.outputs())).isEqualTo(first);
        }

        try (Network network = prepared(2)) {
            assertThat(numbers(network.outputs())).isNotEmpty().isEqualTo(first);
        }
    }

    @Test
    void onlyPhasesThatAreOfferedAreEntered() throws NetworkException, IOException {
        try (Network network = prepared(1)) {
            Set<String> entered = new HashSet<>();

            network.step(entered::add);

            assertThat(network.capabilities().phases()).containsAll(entered);
        }
    }

    @Test
    void phasesThatAreOfferedAloneRunAloneAndNoOthers() throws NetworkException, IOException {
        try (Network network = prepared(1)) {
            List<String> isolable = network.capabilities().isolable();

            assertThat(network.capabilities().phases()).containsAll(isolable);
            for (String phase : network.capabilities().phases()) {
                if (isolable.contains(phase)) {
                    assertThatCode(() -> network.only(phase)).doesNotThrowAnyException();
                } else {
                    assertThatThrownBy(() -> network.only(phase)).isInstanceOf(NetworkException.class);
                }
            }
        }
    }

    @Test
    void whatItDoesNotHaveIsAHoleAndLeavesItUsable() throws NetworkException, IOException {
        refusesAndGoesOn(unsupported(), Set.of(Code.UNSUPPORTED));
    }

    @Test
    void whatCannotBeLoadedIsNoHoleAndLeavesItUsable() throws NetworkException, IOException {
        refusesAndGoesOn(broken(), Set.of(Code.BAD_MODEL, Code.INVALID_INPUT));
    }

    @Test
    void afterARefusedLoadNothingOfTheLastOneRuns() throws NetworkException, IOException {
        Optional<LoadRequest> refused = broken();
        try (Network network = prepared(1)) {
            if (refused.isPresent()) {
                assertThatThrownBy(() -> network.load(refused.get())).isInstanceOf(NetworkException.class);
                assertThatThrownBy(() -> network.step(Phases.NONE)).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    private void refusesAndGoesOn(Optional<LoadRequest> request, Set<Code> codes) throws NetworkException, IOException {
        try (Network network = source().open()) {
            if (request.isPresent()) {
                refuses(() -> network.load(request.get()), codes);
            }

            network.load(loadable());
            network.prepare(1, inputs(1));
            assertThatCode(() -> network.step(Phases.NONE)).doesNotThrowAnyException();
        }
    }

    private static void refuses(ThrowingCallable call, Set<Code> codes) {
        assertThatThrownBy(call).isInstanceOfSatisfying(NetworkException.class, refused -> {
            assertThat(codes).contains(refused.code());
            assertThat(refused.fatal()).isFalse();
            assertThat(refused.getMessage()).isNotBlank();
        });
    }

    @Test
    void anUnknownOptionOrABadValueIsNamed() throws NetworkException, IOException {
        LoadRequest good = loadable();
        try (Network network = source().open()) {
            refuses(
                    () -> network.load(new LoadRequest(
                            good.model(), good.precision(), good.device(), Map.of("no_such_option", "1"))),
                    Set.of(Code.INVALID_INPUT));
        }
    }

    @Test
    void closingTwiceIsHarmless() throws NetworkException, IOException {
        Network unused = source().open();
        Network used = prepared(1);
        used.step(Phases.NONE);
        for (Network network : List.of(unused, used)) {
            network.close();

            assertThatCode(network::close).doesNotThrowAnyException();
            assertThatThrownBy(() -> network.step(Phases.NONE)).isInstanceOf(IllegalStateException.class);
        }
    }

    private static List<Double> numbers(List<Tensor> outputs) {
        List<Double> numbers = new ArrayList<>();
        for (Tensor output : outputs) {
            for (double value : output.values()) {
                numbers.add(value);
            }
        }
        return numbers;
    }
}
