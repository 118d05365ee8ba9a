package io.neurojoule.workload.kserve;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Passes bytes on to a port of this machine, until it is told to cut its connections: what a server does to those that
/// are idle.
final class Relay implements AutoCloseable {
    private final ServerSocket door;
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    Relay(int port) throws IOException {
        door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!door.isClosed()) {
                try {
                    Socket client = door.accept();
                    Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
                    open.add(client);
                    open.add(server);
                    pass(client, server);
                    pass(server, client);
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    private static void pass(Socket from, Socket to) {
        Thread.ofVirtual().start(() -> {
            try (from;
                    to) {
                from.getInputStream().transferTo(to.getOutputStream());
            } catch (IOException cut) {
                // Both are closed.
            }
        });
    }

    int port() {
        return door.getLocalPort();
    }

    void cut() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
        open.clear();
    }

    /// Cuts all connections and takes no more, as a server that has gone.
    void shut() throws IOException {
        door.close();
        cut();
    }

    @Override
    public void close() throws IOException {
        shut();
    }
}
