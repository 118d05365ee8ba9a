package io.neurojoule.workload.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.neurojoule.plugin.Plugins;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.InputSpec;
import io.neurojoule.workload.Lane;
import io.neurojoule.workload.Load;
import io.neurojoule.workload.LoadRequest;
import io.neurojoule.workload.Loaded;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.NetworkSource;
import io.neurojoule.workload.Phases;
import io.neurojoule.workload.RunAnswer;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.ServerPlace;
import io.neurojoule.workload.Tally;
import io.neurojoule.workload.worker.InProcessNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

final class OpenAiNetworkTest {
    private static final int OUT = 8;

    /// Added to the clock.
    private final AtomicLong later = new AtomicLong();

    private final Ticker ticker = () -> Ticker.monotonic().nanos() + later.get();
    private StandIn server;
    private OpenAiNetwork network;

    @BeforeEach
    void start() throws IOException {
        server = new StandIn();
        network = new OpenAiNetwork(ticker, Map.of());
    }

    @AfterEach
    void stop() {
        network.close();
        server.close();
    }

    private LoadRequest request(Map<String, String> more) {
        Map<String, String> options = new HashMap<>(Map.of("url", server.url(), "output_tokens", "" + OUT));
        options.putAll(more);
        return new LoadRequest("", "default", "cpu", options);
    }

    private Loaded prepared(String api) throws NetworkException {
        Loaded loaded = network.load(request(Map.of("api", api)));
        network.prepare(1, List.of());
        return loaded;
    }

    /// What the steps of one caller told, one after another.
    private static final class Told implements Tally {
        private final Map<String, Long> counts = new HashMap<>();
        private final Map<String, List<Long>> times = new HashMap<>();

        @Override
        public void count(String what, long n) {
            counts.merge(what, n, Long::sum);
        }

        @Override
        public void time(String what, long nanos) {
            times.computeIfAbsent(what, unseen -> new ArrayList<>()).add(nanos);
        }

        private List<Long> all(String what) {
            return times.getOrDefault(what, List.of());
        }
    }

    private Told step() throws NetworkException {
        Told told = new Told();
        try (Lane lane = network.lane()) {
            lane.step(Phases.NONE, told);
        }
        return told;
    }

    @Test
    void itIsFoundByItsName() {
        Plugins<NetworkSource> plugins = Plugins.load(NetworkSource.class, "network", NetworkSource::name);

        assertThat(plugins.get("openai")).isInstanceOf(OpenAiSource.class);
    }

    @Test
    void tokensAreThoseThatTheServerCounts() throws Exception {
        for (String api : List.of("completions", "chat", "ollama")) {
            prepared(api);

            Told told = step();

            assertThat(told.counts)
                    .as(api)
                    .containsEntry(Tally.TOKENS_IN, (long) server.tokens(server.asked.getLast()))
                    .hasEntrySatisfying(Tally.TOKENS_IN, OpenAiNetworkTest::near)
                    .containsEntry(Tally.TOKENS_OUT, (long) OUT)
                    .containsEntry(Tally.TOKENS_CACHED, api.equals("ollama") ? 2L : 1L)
                    .doesNotContainKey("short");
            assertThat(told.all("server_prefill")).as(api).containsExactly(3_000_000L);
            assertThat(told.all("server_decode")).as(api).containsExactly(5_000_000L);
        }
    }

    @Test
    void itAsksForAsManyTokensAsWantedAndForNoCache() throws Exception {
        prepared("chat");
        step();

        JsonNode body = server.asked.getLast();
        assertThat(body.path("max_tokens").asInt()).isEqualTo(OUT);
        assertThat(body.path("stream").asBoolean()).isTrue();
        assertThat(body.path("stream_options").path("include_usage").asBoolean())
                .isTrue();
        assertThat(body.path("ignore_eos").asBoolean()).isTrue();
        assertThat(body.path("cache_prompt").asBoolean(true)).isFalse();
        assertThat(body.path("temperature").asDouble(1)).isZero();
    }

    @Test
    void theFirstTokenIsTheFirstTextNotTheFirstLine() throws Exception {
        server.firstMillis = 80;
        server.tokenMillis = 30;
        for (String api : List.of("completions", "chat", "ollama")) {
            prepared(api);

            Told told = step();

            // Chat sends a line with the role alone at once. What the machine adds is not bounded.
            assertThat(told.all(Tally.TTFT))
                    .as(api)
                    .singleElement()
                    .satisfies(nanos -> assertThat(nanos).isGreaterThanOrEqualTo(80_000_000L));
            assertThat(told.all(Tally.TPOT))
                    .as(api)
                    .singleElement()
                    .satisfies(nanos -> assertThat(nanos).isGreaterThanOrEqualTo(15_000_000L));
        }
    }

    @Test
    void timePerTokenIsUnknownWhereNoneShows() throws Exception {
        server.fault = StandIn.Fault.ONE_PIECE;
        prepared("completions");
        Told together = step();
        Told alone = new Told();
        try (Lane lane = network.lane()) {
            lane.only("prefill", alone);
        }

        assertThat(together.counts).containsEntry(Tally.TOKENS_OUT, (long) OUT);
        assertThat(together.all(Tally.TTFT)).hasSize(1);
        assertThat(together.all(Tally.TPOT)).isEmpty();
        assertThat(alone.counts)
                .containsEntry(Tally.TOKENS_OUT, 1L)
                .hasEntrySatisfying(Tally.TOKENS_IN, OpenAiNetworkTest::near);
        assertThat(alone.all(Tally.TTFT)).hasSize(1);
        assertThat(alone.all(Tally.TPOT)).isEmpty();
    }

    @Test
    void phasesAreAsLongAsTheServerSaysAndTheRestLiesOutside() throws Exception {
        server.firstMillis = 100;
        server.tokenMillis = 5;
        for (String api : List.of("completions", "chat", "ollama")) {
            try (InProcessNetwork net = new InProcessNetwork(network, ticker)) {
                net.load(request(Map.of("api", api)));
                net.prepare(1, List.of());

                RunAnswer ran = net.run(steps(2, RunRequest.Timing.PHASES));

                assertThat(ran.phaseNanos())
                        .as(api)
                        .isEqualTo(Map.of("prefill", 2 * 3_000_000L, "decode", 2 * 5_000_000L));
                assertThat(ran.seconds()).as(api).isGreaterThan(0.2);
            }
        }
    }

    @Test
    void ofAServerThatTellsNoTimesPhasesAreTheTimeToTheFirstTokenAndTheRest() throws Exception {
        server.tellsCached = false;
        server.firstMillis = 100;
        server.tokenMillis = 5;
        try (InProcessNetwork net = new InProcessNetwork(network, ticker)) {
            net.load(request(Map.of()));
            net.prepare(1, List.of());

            RunAnswer ran = net.run(steps(2, RunRequest.Timing.PHASES));

            assertThat(ran.phaseCounts()).isEqualTo(Map.of("prefill", 2L, "decode", 2L));
            assertThat(ran.phaseNanos().getOrDefault("prefill", 0L)).isGreaterThanOrEqualTo(200_000_000L);
            assertThat(ran.phaseNanos().getOrDefault("decode", 0L)).isPositive();
        }
    }

    @Test
    void prefillAloneIsARequestForOneToken() throws Exception {
        prepared("completions");
        network.only("prefill");

        assertThat(server.asked.getLast().path("max_tokens").asInt()).isEqualTo(1);
        assertThatThrownBy(() -> network.only("decode")).isInstanceOf(NetworkException.class);
    }

    @Test
    void noTwoPromptsBeginAlike() throws Exception {
        prepared("completions");
        for (int i = 0; i < 50; i++) {
            step();
        }
        prepared("chat");
        try (OpenAiNetwork other = new OpenAiNetwork(ticker, Map.of())) {
            other.load(request(Map.of()));
            other.prepare(1, List.of());
            for (int i = 0; i < 50; i++) {
                other.step(Phases.NONE);
            }
        }

        assertThat(server.beginnings(Prompts.LEAST_WORDS))
                .hasSizeGreaterThan(100)
                .doesNotHaveDuplicates();
        // There are 64 words, and each prompt takes another one to begin with for as long as there are.
        assertThat(new HashSet<>(server.beginnings(1)).size()).isGreaterThan(45);
    }

    @Test
    void stepsOverlapAsTheLoadSays() throws Exception {
        server.tokenMillis = 10;
        try (InProcessNetwork net = new InProcessNetwork(network, ticker)) {
            net.load(request(Map.of()));
            net.prepare(1, List.of());

            RunAnswer ran = net.run(steps(12, RunRequest.Timing.BARE).under(new Load.Closed(4), 0));

            assertThat(server.most.get()).isEqualTo(4);
            assertThat(ran.iterations()).isEqualTo(12);
            assertThat(ran.counts())
                    .containsEntry(Tally.TOKENS_OUT, 12L * OUT)
                    .containsEntry(Tally.TOKENS_IN, 12L * server.tokens(server.asked.getLast()))
                    .doesNotContainKey(Tally.RECONNECTED);
            assertThat(ran.timings()).containsKeys(Tally.TTFT, Tally.TPOT);
        }
    }

    @Test
    void aShortAnswerCountsWithTheTokensThatItHas() throws Exception {
        server.longest = 3;
        prepared("completions");

        assertThat(step().counts).containsEntry(Tally.TOKENS_OUT, 3L).containsEntry("short", 1L);
    }

    @Test
    void aBrokenAnswerIsNoStep() throws Exception {
        Map<StandIn.Fault, String> faults = Map.of(
                StandIn.Fault.ERROR_IN_STREAM, "out of slots",
                StandIn.Fault.NO_END, "[DONE]",
                StandIn.Fault.NO_USAGE, "without usage",
                StandIn.Fault.NO_TEXT, "without text",
                StandIn.Fault.CUT, "broke");
        prepared("completions");
        for (Map.Entry<StandIn.Fault, String> fault : faults.entrySet()) {
            server.fault = fault.getKey();
            Told told = new Told();

            try (Lane lane = network.lane()) {
                assertThatThrownBy(() -> lane.step(Phases.NONE, told))
                        .as("%s", fault.getKey())
                        .isInstanceOfSatisfying(
                                NetworkException.class,
                                e -> assertThat(e.code()).isEqualTo(Code.INTERNAL))
                        .hasMessageContaining(fault.getValue());
            }
            assertThat(told.counts).as("%s", fault.getKey()).isEmpty();
        }
    }

    @Test
    void withoutUsageThereIsNoFigure() {
        server.counts = false;

        refused(request(Map.of()), Code.UNSUPPORTED, "does not count tokens");
    }

    @Test
    void fieldsThatTheServerRefusesAreLeftOutAndNoted() throws Exception {
        server.unknownFields = Set.of("ignore_eos", "cache_prompt");

        Loaded loaded = prepared("completions");
        step();

        assertThat(loaded.notes())
                .anyMatch(note -> note.contains("ignore_eos"))
                .anyMatch(note -> note.contains("cache_prompt"));
        assertThat(server.asked.getLast().has("ignore_eos")).isFalse();
        assertThat(server.asked.getLast().has("stream_options")).isTrue();
    }

    @Test
    void whatTheServerDoesNotTellIsAbsent() throws Exception {
        server.tellsCached = false;

        Loaded loaded = prepared("completions");

        assertThat(loaded.notes()).anyMatch(note -> note.contains("cache"));
        assertThat(step().counts).doesNotContainKey(Tally.TOKENS_CACHED).containsEntry(Tally.CACHE_UNTOLD, 1L);
        assertThat(step().times).doesNotContainKeys("server_prefill", "server_decode");
    }

    @Test
    void whatIsServedStandsInTheRecord() throws Exception {
        Loaded llama = prepared("completions");
        Loaded ollama = prepared("ollama");

        assertThat(llama.parameters()).hasValue(25_570_816);
        assertThat(llama.bytes()).hasValue(102_283_264);
        assertThat(llama.settings())
                .containsEntry(ServerPlace.SETTING, ServerPlace.HERE.text())
                .containsEntry("server_model", "nonsense")
                .containsEntry("runtime", "llama.cpp b1-made")
                .containsEntry("dtype", "all F32")
                .containsEntry("slots", "4")
                .containsEntry("input_tokens", "128")
                .containsEntry("output_tokens", "" + OUT);
        assertThat(ollama.parameters()).hasValue(1234);
        assertThat(ollama.settings()).containsEntry("runtime", "ollama 0.0.0").containsEntry("dtype", "Q4_0");
    }

    @Test
    void theKeyIsSentAndNeverTold(@TempDir Path dir) throws Exception {
        String secret = "sk-very-secret";
        Path file = Files.writeString(dir.resolve("key"), secret + "\n");
        server.key = Optional.of(secret);
        for (Map<String, String> environment :
                List.of(Map.of(Key.VARIABLE, secret), Map.of(Key.FILE_VARIABLE, file.toString()))) {
            try (OpenAiNetwork keyed = new OpenAiNetwork(ticker, environment)) {
                Loaded loaded = keyed.load(request(Map.of()));
                keyed.prepare(1, List.of());
                keyed.step(Phases.NONE);

                assertThat(loaded.toString()).doesNotContain(secret);
            }
        }

        refused(request(Map.of()), Code.INVALID_INPUT, Key.VARIABLE);
        server.key = Optional.of("another");
        try (OpenAiNetwork wrong = new OpenAiNetwork(ticker, Map.of(Key.VARIABLE, secret))) {
            assertThatThrownBy(() -> wrong.load(request(Map.of())))
                    .hasMessageContaining("Incorrect API key provided")
                    .hasMessageNotContaining(secret);
        }
    }

    @Test
    void aConnectionThatWasClosedIsOpenedAgainAndCounted() throws Exception {
        server.closes = true;
        prepared("completions");
        Told told = new Told();
        try (Lane lane = network.lane()) {
            for (int i = 0; i < 3; i++) {
                lane.step(Phases.NONE, told);
            }
        }

        assertThat(told.counts).containsEntry(Tally.RECONNECTED, 2L).containsEntry(Tally.TOKENS_OUT, 3L * OUT);
    }

    @Test
    void aRequestOnAClosedConnectionIsSentAgainUnlessTheServerMayHaveWorkedOnIt() throws Exception {
        prepared("completions");
        Told told = new Told();
        try (Lane lane = network.lane()) {
            lane.step(Phases.NONE, told);
            int before = server.asked.size();
            server.drops.set(2);
            lane.step(Phases.NONE, told);

            assertThat(server.asked).hasSize(before + 1);
            assertThat(told.counts).containsEntry(Tally.RECONNECTED, 2L).containsEntry(Tally.TOKENS_OUT, 2L * OUT);

            server.drops.set(3);
            assertThatThrownBy(() -> lane.step(Phases.NONE, told)).hasMessageContaining("broke");

            server.drops.set(1);
            server.atDrop = () -> later.addAndGet(2_000_000_000L);
            assertThatThrownBy(() -> lane.step(Phases.NONE, told))
                    .isInstanceOf(NetworkException.class)
                    .hasMessageContaining("broke");
        }
    }

    @Test
    void whatCannotBeServedSaysWhatToDo() throws Exception {
        refused(request(Map.of("server_model", "other")), Code.BAD_MODEL, "it has nonsense");
        refused(request(Map.of("api", "ollama", "server_model", "other")), Code.BAD_MODEL, "it has nonsense");
        refused(request(Map.of("no_such_option", "1")), Code.INVALID_INPUT, "input_tokens");
        refused(request(Map.of("api", "telepathy")), Code.INVALID_INPUT, "completions, chat or ollama");
        refused(request(Map.of("output_tokens", "0")), Code.INVALID_INPUT, "output_tokens");
        refused(request(Map.of("input_tokens", "many")), Code.INVALID_INPUT, "input_tokens");
        refused(request(Map.of("url", "")), Code.INVALID_INPUT, "url");
        refused(request(Map.of("url", "http://me:pw@127.0.0.1/v1")), Code.INVALID_INPUT, Key.VARIABLE);
        refused(request(Map.of("url", server.url() + "/elsewhere")), Code.INVALID_INPUT, "Are url and api");
        refused(request(Map.of("input_tokens", "10")), Code.UNSUPPORTED, "10 words were 13 tokens");
        refused(new LoadRequest("", "int8", "cpu", Map.of("url", server.url())), Code.UNSUPPORTED, "precision");
        refused(
                new LoadRequest("/net.onnx", "default", "cpu", Map.of("url", server.url())),
                Code.INVALID_INPUT,
                "server_model");
        server.models = List.of("one", "two");
        refused(request(Map.of()), Code.INVALID_INPUT, "one, two");
        server.status = 503;
        refused(request(Map.of()), Code.DEVICE_BUSY, "Loading model");
        server.close();
        refused(request(Map.of()), Code.INVALID_INPUT, "does the server run");
    }

    @Test
    void itMakesItsOwnPromptsOneARequest() throws Exception {
        assertThatThrownBy(() -> network.prepare(1, List.of())).isInstanceOf(IllegalStateException.class);
        network.load(request(Map.of()));
        assertThatThrownBy(network::lane).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> network.prepare(2, List.of()))
                .isInstanceOfSatisfying(
                        NetworkException.class, e -> assertThat(e.code()).isEqualTo(Code.UNSUPPORTED));
        assertThatThrownBy(() -> network.prepare(1, List.of(new InputSpec("", List.of("N"), "", "", 0))))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("input_tokens");
        network.prepare(1, List.of());
        network.step(Phases.NONE);
        network.close();
        network.close();
        assertThatThrownBy(() -> network.step(Phases.NONE)).isInstanceOf(IllegalStateException.class);
    }

    private void refused(LoadRequest request, Code code, String message) {
        assertThatThrownBy(() -> network.load(request))
                .isInstanceOfSatisfying(NetworkException.class, e -> {
                    assertThat(e.code()).as(e.getMessage()).isEqualTo(code);
                    assertThat(e.fatal()).isFalse();
                })
                .hasMessageContaining(message);
    }

    private static void near(long tokens) {
        assertThat(tokens).isBetween(123L, 133L);
    }

    private static RunRequest steps(long n, RunRequest.Timing timing) {
        return new RunRequest(RunRequest.Kind.MEASURE, 60, 1, OptionalLong.of(n), timing, Optional.empty());
    }
}
