package io.neurojoule.sensor;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A meter for tests that listens on a socket of this machine.
public final class LineServer implements AutoCloseable {
    private final Talk talk;
    private final int port;
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile ServerSocket listener;
    private volatile Thread listening;

    /// What it does on a connection, until it returns or throws: the connection is closed then.
    @FunctionalInterface
    public interface Talk {
        void on(BufferedReader in, OutputStream out) throws Exception;
    }

    public LineServer(Talk talk) throws IOException {
        this.talk = talk;
        listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        port = listener.getLocalPort();
        listening = Thread.ofVirtual().start(() -> listen(listener));
    }

    public int port() {
        return port;
    }

    /// How many connections there were.
    public int accepted() {
        return accepted.get();
    }

    public static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /// Nobody listens any more, and who was connected is not.
    public void hangUp() throws IOException {
        listener.close();
        try {
            listening.join(); // the port is free when it has left
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Socket one : connections) {
            one.close();
        }
    }

    /// Listens again on the same port.
    public void comeBack() throws IOException {
        listener = new ServerSocket(port, 5, InetAddress.getLoopbackAddress());
        listening = Thread.ofVirtual().start(() -> listen(listener));
    }

    private void listen(ServerSocket on) {
        try {
            while (true) {
                Socket socket = on.accept();
                accepted.incrementAndGet();
                connections.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // hung up
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            talk.on(
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8)),
                    socket.getOutputStream());
        } catch (Exception e) {
            // the other side has hung up
        }
    }

    @Override
    public void close() throws IOException {
        hangUp();
    }
}
