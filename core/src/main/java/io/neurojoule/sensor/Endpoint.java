package io.neurojoule.sensor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/// Where a meter listens.
///
/// @param timeout how long it may take to connect, and to answer
public record Endpoint(String host, int port, Duration timeout) {
    /// Connects.
    ///
    /// @throws IOException with the place in its message
    public Socket connect() throws IOException {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new IOException(this + ": no such host");
        }
        Socket socket = new Socket();
        try {
            socket.connect(address, (int) timeout.toMillis());
            socket.setTcpNoDelay(true);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw new IOException(this + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
