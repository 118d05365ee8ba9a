package io.neurojoule.workload;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;

/// Where a server runs, as seen from its client: the sensors of this machine see it only if it is here.
///
/// A client tells it in [Loaded#settings] under [#SETTING].
public enum ServerPlace {
    HERE("here"),
    ELSEWHERE("elsewhere");

    /// Name of the setting.
    public static final String SETTING = "server";

    private final String text;

    ServerPlace(String text) {
        this.text = text;
    }

    /// The value of the setting.
    public String text() {
        return text;
    }

    /// A tunnel or a proxy of this machine looks like a server that is here.
    ///
    /// @param host name or address, as in a URL
    /// @throws UnknownHostException if there is no such host
    public static ServerPlace of(String host) throws UnknownHostException {
        for (InetAddress address : InetAddress.getAllByName(host)) {
            if (!address.isLoopbackAddress() && !isOurs(address)) {
                return ELSEWHERE;
            }
        }
        return HERE;
    }

    private static boolean isOurs(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException noInterfaces) {
            return false;
        }
    }
}
