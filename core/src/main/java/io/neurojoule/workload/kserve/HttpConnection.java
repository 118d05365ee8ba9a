package io.neurojoule.workload.kserve;

import io.neurojoule.workload.Tally;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// One connection of HTTP/1.1 that is kept alive, for requests that are written once and sent many times. Used by one
/// thread at a time.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9112">RFC 9112</a>
final class HttpConnection implements AutoCloseable {
    private static final int CONNECT_MILLIS = 5_000;

    /// A server that says nothing for so long has forgotten us.
    private static final int ANSWER_MILLIS = 600_000;

    private static final int LONGEST_HEAD = 65_536;
    private static final int LARGEST_BODY = Integer.MAX_VALUE - 8;

    private final URI url;
    private Optional<Open> open = Optional.empty();

    /// @param url its scheme, host and port are used
    HttpConnection(URI url) throws IOException {
        this.url = url;
        open = Optional.of(connect());
    }

    private record Open(Socket socket, InputStream in) {}

    /// The bytes of a request.
    ///
    /// @param headers further header lines, each with its line end
    static byte[] request(String method, URI url, String path, String headers, byte[]... body) {
        int length = 0;
        for (byte[] part : body) {
            length += part.length;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String head = "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n%s%s\r\n"
                .formatted(
                        method,
                        path,
                        url.getRawAuthority(),
                        headers,
                        method.equals("GET") ? "" : "Content-Length: " + length + "\r\n");
        bytes.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        for (byte[] part : body) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }

    /// Sends a request and reads its answer.
    ///
    /// A connection that the server has closed since the last answer is opened again and the request sent once more:
    /// servers close those that are idle. That is counted as [Tally#RECONNECTED].
    HttpAnswer ask(byte[] request, Tally tally) throws IOException {
        if (open.isPresent()) {
            try {
                return exchange(open.get(), request);
            } catch (UnansweredException closed) {
                close();
            }
        }
        Open fresh = connect();
        open = Optional.of(fresh);
        tally.count(Tally.RECONNECTED, 1);
        return exchange(fresh, request);
    }

    private Open connect() throws IOException {
        boolean secure = url.getScheme().equals("https");
        int port = url.getPort() >= 0 ? url.getPort() : secure ? 443 : 80;
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(url.getHost(), port), CONNECT_MILLIS);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(ANSWER_MILLIS);
            if (secure) {
                socket = secured(socket, port);
            }
            return new Open(socket, new BufferedInputStream(socket.getInputStream(), 65_536));
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private Socket secured(Socket plain, int port) throws IOException {
        Socket socket =
                ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(plain, url.getHost(), port, true);
        if (socket instanceof SSLSocket secured) {
            SSLParameters parameters = secured.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            secured.setSSLParameters(parameters);
            secured.startHandshake();
        }
        return socket;
    }

    private HttpAnswer exchange(Open at, byte[] request) throws IOException {
        int first;
        try {
            at.socket().getOutputStream().write(request);
            first = at.in().read();
        } catch (SocketTimeoutException silent) {
            close();
            throw silent;
        } catch (IOException broken) {
            throw new UnansweredException(broken);
        }
        if (first < 0) {
            throw new UnansweredException(new EOFException("the server closed the connection"));
        }
        try {
            return answer(at.in(), first);
        } catch (IOException | IllegalArgumentException broken) {
            close();
            throw broken instanceof IOException e ? e : new IOException("not an answer of HTTP/1.1", broken);
        }
    }

    private HttpAnswer answer(InputStream in, int first) throws IOException {
        String line = line(in, Character.toString(first));
        while (line.matches("HTTP/1\\.[01] 1\\d\\d( .*)?")) {
            headers(in);
            line = line(in, "");
        }
        if (!line.matches("HTTP/1\\.[01] \\d{3}( .*)?")) {
            throw new IOException("not an answer of HTTP/1.1: " + line);
        }
        Map<String, String> headers = headers(in);
        String length = headers.getOrDefault("content-length", "");
        boolean last = line.startsWith("HTTP/1.0")
                || headers.getOrDefault("connection", "").equalsIgnoreCase("close");
        byte[] body;
        if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
            body = chunks(in);
        } else if (!length.isEmpty()) {
            body = bytes(in, Long.parseLong(length));
        } else {
            body = in.readAllBytes();
            last = true;
        }
        if (last) {
            close();
        }
        return new HttpAnswer(Integer.parseInt(line.substring(9, 12)), headers, body);
    }

    private static Map<String, String> headers(InputStream in) throws IOException {
        Map<String, String> headers = new HashMap<>();
        int total = 0;
        for (String line = line(in, ""); !line.isEmpty(); line = line(in, "")) {
            total += line.length();
            int colon = line.indexOf(':');
            if (colon < 1 || total > LONGEST_HEAD) {
                throw new IOException("not a header line: " + line);
            }
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    private static String line(InputStream in, String begun) throws IOException {
        StringBuilder line = new StringBuilder(begun);
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 || line.length() > LONGEST_HEAD) {
                throw new EOFException("the server closed the connection in the middle of an answer");
            }
            line.append((char) c);
        }
        int end = line.length();
        return line.substring(0, end > 0 && line.charAt(end - 1) == '\r' ? end - 1 : end);
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            String size = line(in, "").split(";", -1)[0].strip();
            long length = Long.parseLong(size, 16);
            if (length == 0) {
                headers(in);
                return body.toByteArray();
            }
            body.writeBytes(bytes(in, length));
            line(in, "");
        }
    }

    private static byte[] bytes(InputStream in, long length) throws IOException {
        if (length < 0 || length > LARGEST_BODY) {
            throw new IOException("an answer of %d bytes is too large".formatted(length));
        }
        byte[] bytes = in.readNBytes((int) length);
        if (bytes.length < length) {
            throw new EOFException("the server closed the connection in the middle of an answer");
        }
        return bytes;
    }

    @Override
    public void close() {
        if (open.isPresent()) {
            try {
                open.get().socket().close();
            } catch (IOException gone) {
                // It is.
            }
            open = Optional.empty();
        }
    }

    /// Not one byte has come.
    private static final class UnansweredException extends IOException {
        private static final long serialVersionUID = 1;

        private UnansweredException(IOException cause) {
            super(String.valueOf(cause.getMessage()), cause);
        }
    }
}
