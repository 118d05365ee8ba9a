package io.neurojoule.sensor.command;

import io.neurojoule.sensor.Lines;
import io.neurojoule.sensor.Meter;
import io.neurojoule.time.Ticker;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A command of the user's in a process group of its own, and what it prints.
///
/// The leader of the group is a shell that does nothing but wait for the end of its input, a pipe that only the
/// profiler holds: when it is closed, or the profiler dies, the shell ends the group. It leads on when the command has
/// ended, so that what was printed can still be read in order.
final class Program implements AutoCloseable {
    /// `$1` is the command. SIGTERM to the group, up to 2 s, then SIGKILL, which ends this shell as well.
    private static final String LEADER = """
            exec 3<&0
            {
              trap : TERM
              sh -c "$1" </dev/null 3<&-
              echo "(exit $?)" >&2
            } &
            program=$!
            exec >/dev/null 2>&1
            trap '' TERM
            read -r end <&3
            kill -s TERM 0
            for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
              kill -s 0 "$program" || break
              sleep 0.1
            done
            kill -s KILL 0
            """;

    private static final long END_SECONDS = 4;
    private static final long JOIN_MILLIS = 1000;

    /// Enough for the message of a program that fails.
    private static final int LAST_WORDS = 2;

    private static final int KEPT_CHARACTERS = 1000;

    private final Process leader;
    private final Lines lines;
    private final StringBuilder errors = new StringBuilder();
    private final List<Thread> readers;
    private Optional<String> trouble = Optional.empty();
    private boolean closed;

    private Program(Process leader, String command, Ticker ticker) {
        this.leader = leader;
        lines = new Lines(ticker);
        readers = List.of(
                Thread.ofPlatform().daemon().name("command-lines: " + command).unstarted(this::readLines),
                Thread.ofPlatform().daemon().name("command-errors: " + command).unstarted(this::readErrors));
    }

    /// @param command for `sh -c`; its input is empty
    /// @throws IOException if there is no shell or no setsid
    static Program start(String command, Ticker ticker) throws IOException {
        Process leader;
        try {
            ProcessBuilder builder = new ProcessBuilder("setsid", "sh", "-c", LEADER, "sh", command);
            // Python keeps lines back where nobody looks; it would print them in blocks.
            builder.environment().put("PYTHONUNBUFFERED", "1");
            leader = builder.start();
        } catch (IOException e) {
            throw new IOException(
                    "cannot start '%s': %s. It needs sh, and setsid of util-linux".formatted(command, e.getMessage()),
                    e);
        }
        Program program = new Program(leader, command, ticker);
        program.readers.forEach(Thread::start);
        return program;
    }

    Lines lines() {
        return lines;
    }

    private void readLines() {
        try (InputStream out = leader.getInputStream()) {
            lines.pump(out);
        } catch (IOException e) {
            synchronized (errors) {
                trouble = Optional.of(String.valueOf(e.getMessage()));
            }
        } finally {
            join(readers.get(1)); // what it said last says why it has ended
            lines.end();
        }
    }

    private void readErrors() {
        try (Reader err = leader.errorReader(StandardCharsets.UTF_8)) {
            char[] buffer = new char[KEPT_CHARACTERS];
            for (int n = err.read(buffer); n >= 0; n = err.read(buffer)) {
                synchronized (errors) {
                    errors.append(buffer, 0, n);
                    errors.delete(0, Math.max(0, errors.length() - KEPT_CHARACTERS));
                }
            }
        } catch (IOException e) {
            synchronized (errors) {
                errors.append(e.getMessage());
            }
        }
    }

    /// Why it may have ended, to follow the words that it has; empty if it said nothing.
    String lastWords() {
        synchronized (errors) {
            List<String> said =
                    errors.toString().lines().filter(line -> !line.isBlank()).toList();
            List<String> last = new ArrayList<>(said.subList(Math.max(0, said.size() - LAST_WORDS), said.size()));
            trouble.ifPresent(last::add);
            return last.isEmpty() ? "" : ": " + Meter.shown(String.join(" ", last));
        }
    }

    /// Ends the group; also descendants that left it. Returns within 5 s.
    @Override
    public void close() {
        List<ProcessHandle> descendants = leader.descendants().toList();
        if (!leader.isAlive() && !closed) {
            killGroup(); // somebody killed the shell that would do it
        }
        closed = true;
        try {
            leader.getOutputStream().close();
            if (!leader.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                leader.destroyForcibly();
            }
        } catch (IOException e) {
            leader.destroyForcibly();
        } catch (InterruptedException e) {
            leader.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        descendants.forEach(ProcessHandle::destroyForcibly);
        readers.forEach(Program::join);
    }

    private void killGroup() {
        try {
            new ProcessBuilder("sh", "-c", "kill -s KILL -- \"-$1\"", "sh", Long.toString(leader.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor(END_SECONDS, TimeUnit.SECONDS);
        } catch (IOException e) {
            leader.destroyForcibly(); // without a shell there is no way to reach the group
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
