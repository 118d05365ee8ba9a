package io.neurojoule.workload.process;

import io.neurojoule.ffm.UnixDatagramSocket;
import io.neurojoule.time.Ticker;
import io.neurojoule.workload.Mark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Marks that user code sends in datagrams: `begin NAME` opens a span, `end NAME` closes it.
///
/// A mark has the time at which it was received. Spans of different names may overlap. Thread-safe.
final class MarkSocket implements AutoCloseable {
    /// The variable that tells the program where the socket is.
    static final String VARIABLE = "NEUROJOULE_SOCKET";

    private static final int MOST_MARKS = 1_000_000;
    private static final long DRAIN_SECONDS = 5;

    /// @param unpaired how many `begin` had no `end`, or the other way round; they make no span
    record Taken(List<Mark> marks, long unpaired) {}

    private final Path directory;
    private final UnixDatagramSocket socket;
    private final Ticker ticker;
    private final Thread thread;
    private final String token = "neurojoule " + UUID.randomUUID();
    private final Map<String, Long> open = new HashMap<>();
    private List<Mark> marks = new ArrayList<>();
    private long unpaired;
    private CountDownLatch drained = new CountDownLatch(1);
    private volatile boolean closing;

    private MarkSocket(Path directory, UnixDatagramSocket socket, Ticker ticker) {
        this.directory = directory;
        this.socket = socket;
        this.ticker = ticker;
        this.thread = Thread.ofPlatform().daemon().name("marks").unstarted(this::receive);
    }

    static MarkSocket open(Ticker ticker) throws IOException {
        Path directory = Files.createTempDirectory("neurojoule-");
        try {
            MarkSocket marks = new MarkSocket(directory, new UnixDatagramSocket(directory.resolve("marks")), ticker);
            marks.thread.start();
            return marks;
        } catch (IOException e) {
            Files.deleteIfExists(directory);
            throw e;
        }
    }

    /// The value of [#VARIABLE].
    String path() {
        return directory.resolve("marks").toString();
    }

    /// What was marked since this was last asked; what is still open then counts as unpaired.
    Taken take() throws IOException {
        drain();
        synchronized (this) {
            Taken taken = new Taken(marks, unpaired + open.size());
            marks = new ArrayList<>();
            unpaired = 0;
            open.clear();
            return taken;
        }
    }

    /// Waits until all that was sent before now has been received.
    private void drain() throws IOException {
        CountDownLatch latch = new CountDownLatch(1);
        synchronized (this) {
            drained = latch;
        }
        socket.send(token);
        try {
            if (!latch.await(DRAIN_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("marks are not received any more");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while marks were received", e);
        }
    }

    private void receive() {
        try {
            while (!closing) {
                String text = socket.receive();
                long now = ticker.nanos();
                text.lines().forEach(line -> mark(line.strip(), now));
            }
        } catch (IOException gone) {
            System.getLogger(MarkSocket.class.getName())
                    .log(System.Logger.Level.WARNING, "no marks are received any more: " + gone.getMessage());
        }
    }

    private synchronized void mark(String line, long now) {
        if (line.equals(token)) {
            drained.countDown();
        } else if (line.startsWith("begin ")) {
            if (open.put(line.substring("begin ".length()).strip(), now) != null) {
                unpaired++;
            }
        } else if (line.startsWith("end ")) {
            String name = line.substring("end ".length()).strip();
            Long start = open.remove(name);
            if (start == null || now <= start || marks.size() >= MOST_MARKS) {
                unpaired++;
            } else {
                marks.add(new Mark(name, start, now));
            }
        } else {
            unpaired++;
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            socket.send(token);
            thread.join(TimeUnit.SECONDS.toMillis(DRAIN_SECONDS));
            if (!thread.isAlive()) {
                socket.close();
            }
            Files.deleteIfExists(directory.resolve("marks"));
            Files.deleteIfExists(directory);
        } catch (IOException leftBehind) {
            // A socket's file in the directory for temporary ones: harmless.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
