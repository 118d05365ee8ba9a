package io.neurojoule.cli;

import io.neurojoule.experiment.BatchList;
import io.neurojoule.experiment.Experiment;
import io.neurojoule.experiment.Threshold;
import io.neurojoule.workload.Load;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Which server is asked instead of a network that is started here, and how a network's steps are asked for.
final class LoadFlags {
    private static final String SERVER = "kserve";
    private static final String OPENAI = "openai";

    /// The scenarios of MLPerf Inference. Written in lower case with a dash.
    enum Scenario {
        /// As many elements as fit into a step, one step after another: the curve over the batch size.
        OFFLINE,
        /// One element after another.
        SINGLE_STREAM,
        /// Steps of eight elements, one after another.
        MULTI_STREAM,
        /// Elements at random times.
        SERVER;

        static final String MULTI_STREAM_BATCH = "8";

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Ask a server of the Open Inference Protocol (KServe v2): http://… or grpc://…")
    private Optional<String> server = Optional.empty();

    @Option(
            names = "--openai",
            paramLabel = "URL",
            description = "Ask an OpenAI-compatible server of a language model: http://HOST:PORT/v1.")
    private Optional<String> openai = Optional.empty();

    @Option(names = "--server-model", paramLabel = "NAME", description = "The model that the server serves.")
    private Optional<String> serverModel = Optional.empty();

    @Option(names = "--input-tokens", paramLabel = "N", description = "With --openai: length of a prompt, about.")
    private Optional<Integer> inputTokens = Optional.empty();

    @Option(names = "--output-tokens", paramLabel = "N", description = "With --openai: tokens to generate.")
    private Optional<Integer> outputTokens = Optional.empty();

    @Option(
            names = "--concurrency",
            paramLabel = "LIST",
            description = "Closed loop: so many requests in flight, 1,8,64 (default: 1).")
    private Optional<String> concurrency = Optional.empty();

    @Option(
            names = "--rate",
            paramLabel = "LIST",
            split = ",",
            description = "Open loop: so many steps per second at random times, 0.5,4.")
    private List<Double> rates = List.of();

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            description =
                    "As in MLPerf: offline, single-stream (batch 1), multi-stream (batch 8), server (needs --rate).")
    private Optional<Scenario> scenario = Optional.empty();

    @Option(
            names = "--latency-bound",
            paramLabel = "TIME",
            description = "Exit 6 if the latency is longer, e.g. 15ms: the 99th percentile; single-stream: the 90th.")
    private Optional<String> latencyBound = Optional.empty();

    boolean isServer() {
        return server.isPresent() || openai.isPresent();
    }

    /// One request, one element: what it is called.
    Optional<String> element() {
        return openai.map(url -> "request");
    }

    /// Joules per input token come from windows in which prompts are read and nothing else.
    boolean isolatesPhases() {
        return openai.isPresent();
    }

    /// The batch sizes that the scenario means, if it means any.
    ///
    /// @param isGiven whether the user names others
    Optional<String> batch(boolean isGiven) {
        if (openai.isPresent()) {
            return Optional.of("1");
        }
        Optional<String> fixed = scenario.flatMap(name -> switch (name) {
            case OFFLINE -> Optional.empty();
            case SINGLE_STREAM, SERVER -> Optional.of("1");
            case MULTI_STREAM -> Optional.of(Scenario.MULTI_STREAM_BATCH);
        });
        if (fixed.isPresent() && isGiven) {
            throw new UserException(
                    Exit.USAGE, "--scenario %s says the batch; leave out --batch".formatted(scenario.get()));
        }
        return fixed.or(() -> isServer() && !isGiven ? Optional.of("1") : Optional.empty());
    }

    /// Empty: one step after another.
    List<Load> loads() {
        List<Load> loads = new ArrayList<>();
        concurrency.ifPresent(list -> BatchList.parse(list).forEach(n -> loads.add(new Load.Closed(n))));
        rates.forEach(rate -> loads.add(new Load.Open(rate)));
        scenario.ifPresent(name -> check(name, loads));
        return loads;
    }

    private static void check(Scenario scenario, List<Load> loads) {
        boolean open = scenario == Scenario.SERVER;
        if (open && (loads.isEmpty() || !loads.stream().allMatch(Load.Open.class::isInstance))) {
            throw new UserException(
                    Exit.USAGE, "--scenario server asks at random times: say how many per second with --rate");
        }
        if (!open && scenario != Scenario.OFFLINE && !loads.isEmpty()) {
            throw new UserException(
                    Exit.USAGE,
                    "--scenario %s runs one step after another; leave out --concurrency and --rate"
                            .formatted(scenario));
        }
    }

    /// Of the latency bound.
    List<Threshold> thresholds() {
        String percentile = scenario.filter(Scenario.SINGLE_STREAM::equals).isPresent() ? "p90" : "p99";
        return latencyBound
                .map(bound -> List.of(Threshold.parse("cells.latency_%s_seconds <= %s".formatted(percentile, bound))))
                .orElse(List.of());
    }

    /// What asks the server.
    Experiment.Workload workload(Optional<String> device, Optional<String> cpus) {
        if (server.isPresent() && openai.isPresent()) {
            throw new UserException(Exit.USAGE, "--server and --openai are two; keep one");
        }
        if (openai.isEmpty() && (inputTokens.isPresent() || outputTokens.isPresent())) {
            throw new UserException(Exit.USAGE, "--input-tokens and --output-tokens go with --openai URL");
        }
        Map<String, String> options = new LinkedHashMap<>();
        options.put("url", server.or(() -> openai).orElseThrow());
        serverModel.ifPresent(name -> options.put("server_model", name));
        inputTokens.ifPresent(n -> options.put("input_tokens", String.valueOf(n)));
        outputTokens.ifPresent(n -> options.put("output_tokens", String.valueOf(n)));
        return new Experiment.Workload(
                server.isPresent() ? SERVER : OPENAI, List.of(), Map.of(), device, options, cpus);
    }

    /// As a name of a file can be.
    Optional<String> name() {
        return isServer()
                ? Optional.of(serverModel.orElse("server").replaceAll("[^A-Za-z0-9._-]", "_"))
                : Optional.empty();
    }

    /// Complains of flags that say something about a server where there is none.
    void requireServer() {
        if (!isServer() && (serverModel.isPresent() || inputTokens.isPresent() || outputTokens.isPresent())) {
            throw new UserException(
                    Exit.USAGE,
                    "--server-model, --input-tokens and --output-tokens go with --server URL or --openai URL");
        }
    }
}
