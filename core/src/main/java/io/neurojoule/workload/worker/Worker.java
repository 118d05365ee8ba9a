package io.neurojoule.workload.worker;

import static io.neurojoule.workload.worker.Guard.guarded;

import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Network;
import io.neurojoule.workload.NetworkException;
import io.neurojoule.workload.NetworkException.Code;
import io.neurojoule.workload.RunRequest;
import io.neurojoule.workload.protocol.Answers;
import io.neurojoule.workload.protocol.Requests;
import io.neurojoule.workload.protocol.TensorFile;
import io.neurojoule.workload.protocol.Wire;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// The network's side of NWP 1: answers requests about one network until `close` or the end of the input.
///
/// Used by one thread.
public final class Worker {
    private final Network network;
    private final RequestLines lines;
    private final OutputStream out;
    private final Ticker ticker;
    private int batch;
    private Path dir = Path.of(System.getProperty("java.io.tmpdir"));

    private Worker(Network network, RequestLines lines, OutputStream out, Ticker ticker) {
        this.network = network;
        this.lines = lines;
        this.out = out;
        this.ticker = ticker;
    }

    /// Serves until `close` or the end of the input, then closes the network.
    ///
    /// @param out carries nothing but answers; whatever else is printed there the profiler takes for log
    /// @return the exit code of the process: 0
    /// @throws UncheckedIOException if the profiler can no longer be read or written
    public static int serve(Network network, InputStream in, OutputStream out, Ticker ticker) {
        try (network) {
            new Worker(network, new RequestLines(in), out, ticker).serve();
            return 0;
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    private void serve() throws IOException {
        for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
            Optional<ObjectNode> message = Wire.parse(line.get());
            if (message.isEmpty()) {
                continue;
            }
            String op = message.get().path("op").asString("");
            long id = message.get().path("id").asLong(0);
            ObjectNode answer;
            try {
                answer = guarded(() -> answer(op, id, message.get()));
            } catch (NetworkException failure) {
                answer = Answers.error(id, failure);
            }
            out.write(Wire.encode(answer));
            out.flush();
            if (op.equals("close")) {
                return;
            }
        }
    }

    private ObjectNode answer(String op, long id, ObjectNode message) throws NetworkException {
        return switch (op) {
            case "hello" -> {
                message.path("dir")
                        .asStringOpt()
                        .filter(told -> !told.isEmpty())
                        .ifPresent(told -> dir = Path.of(told));
                yield Answers.hello(
                        id,
                        network.capabilities().withPace(),
                        ticker.nanos(),
                        ProcessHandle.current().pid());
            }
            case "load" -> {
                batch = 0;
                yield Answers.loaded(id, network.load(Requests.readLoad(message)));
            }
            case "prepare" -> {
                int asked = valid(() -> Requests.readBatch(message));
                batch = 0;
                network.prepare(asked, Requests.readInputs(message));
                batch = asked;
                yield Answers.ok(id);
            }
            case "run" -> run(id, valid(() -> Requests.readRun(message)));
            case "verify" -> verify(id, Requests.readExecution(message));
            case "stop", "unload", "close" -> Answers.ok(id);
            default -> throw new NetworkException(Code.UNKNOWN_OP, op);
        };
    }

    private ObjectNode run(long id, RunRequest request) throws NetworkException {
        if (batch < 1) {
            throw new NetworkException(Code.INVALID_INPUT, "run before prepare");
        }
        return Answers.ran(id, new Loop(network, ticker, lines::waiting).run(request, batch, ticker.nanos()));
    }

    private ObjectNode verify(long id, boolean execution) throws NetworkException {
        ObjectNode answer = Answers.ok(id);
        try {
            TensorFile.write(network.outputs(), dir, answer);
            if (execution) {
                Answers.execution(answer, network.execution());
            }
        } catch (IOException unwritable) {
            throw new NetworkException(
                    Code.INTERNAL, "cannot write the outputs into %s: %s".formatted(dir, unwritable));
        }
        return answer;
    }

    private static <T> T valid(Guard.Call<T> read) throws NetworkException {
        try {
            return read.call();
        } catch (IllegalArgumentException invalid) {
            throw new NetworkException(Code.INVALID_INPUT, String.valueOf(invalid.getMessage()));
        }
    }
}
