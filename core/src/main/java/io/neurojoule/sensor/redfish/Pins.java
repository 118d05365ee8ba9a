package io.neurojoule.sensor.redfish;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Which certificates are trusted: exactly the pinned one, or those that a file names, or those that the JDK trusts.
///
/// A certificate that is pinned, or itself in the file, is trusted whatever name and dates it has: controllers are sold
/// with certificates for other names. One that a named authority has signed must be for the host that is asked.
final class Pins extends X509ExtendedTrustManager {
    private final Optional<String> sha256;
    private final Set<Certificate> named;
    private final X509ExtendedTrustManager usual;
    private volatile Optional<String> refused = Optional.empty();

    private Pins(Optional<String> sha256, Set<Certificate> named, X509ExtendedTrustManager usual) {
        this.sha256 = sha256;
        this.named = named;
        this.usual = usual;
    }

    /// @param sha256 64 hexadecimal digits in small letters
    static Pins ofSha256(String sha256) throws GeneralSecurityException {
        return new Pins(Optional.of(sha256), Set.of(), manager(null));
    }

    /// @param file certificates, PEM or DER
    /// @throws CertificateException if there are none in it
    static Pins ofFile(Path file) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(file)) {
            Set<Certificate> named =
                    Set.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in));
            if (named.isEmpty()) {
                throw new CertificateException("there is no certificate in it");
            }
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int n = 0;
            for (Certificate one : named) {
                store.setCertificateEntry("named-" + n++, one);
            }
            return new Pins(Optional.empty(), named, manager(store));
        }
    }

    /// What the JDK trusts.
    static Pins usual() throws GeneralSecurityException {
        return new Pins(Optional.empty(), Set.of(), manager(null));
    }

    private static X509ExtendedTrustManager manager(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (TrustManager one : factory.getTrustManagers()) {
            if (one instanceof X509ExtendedTrustManager extended) {
                return extended;
            }
        }
        throw new GeneralSecurityException("this JDK has no X.509 trust manager");
    }

    SSLContext context() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {this}, null);
        return context;
    }

    /// The SHA-256 of the certificate that was last refused.
    Optional<String> refused() {
        return refused;
    }

    /// Whether one certificate is pinned, so that another one means that it has changed.
    boolean isPinned() {
        return sha256.isPresent();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        String shown = sha256(chain[0]);
        if (sha256.isPresent()) {
            if (!sha256.get().equals(shown)) {
                refused = Optional.of(shown);
                throw new CertificateException("not the pinned certificate");
            }
            return;
        }
        if (named.contains(chain[0])) {
            return;
        }
        try {
            usual.checkServerTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            refused = Optional.of(shown);
            throw e;
        }
    }

    private static String sha256(X509Certificate certificate) throws CertificateException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("the HTTP client asks with an engine");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("the HTTP client asks with an engine");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("this is no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("this is no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("this is no server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return usual.getAcceptedIssuers();
    }
}
