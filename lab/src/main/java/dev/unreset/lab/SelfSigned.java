package dev.unreset.lab;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;

/// A certificate for loopback that is made anew for each lab, and its PEM file for clients to
/// trust.
final class SelfSigned implements AutoCloseable {

    private final X509Bundle bundle;
    private final Path pem;

    private SelfSigned(X509Bundle bundle, Path pem) {
        this.bundle = bundle;
        this.pem = pem;
    }

    static SelfSigned create() throws IOException {
        try {
            X509Bundle bundle =
                    new CertificateBuilder()
                            .subject("CN=localhost")
                            .addSanDnsName("localhost")
                            .addSanIpAddress("127.0.0.1")
                            .setIsCertificateAuthority(true)
                            .buildSelfSigned();
            Path pem = Files.createTempFile("unreset-lab-", ".pem");
            Files.writeString(pem, bundle.getCertificatePEM());
            return new SelfSigned(bundle, pem);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("lab: cannot make a certificate: " + e.getMessage(), e);
        }
    }

    Path pem() {
        return pem;
    }

    /// Sockets that present the certificate.
    SSLSocketFactory sockets() {
        try {
            KeyManagerFactory keys = bundle.toKeyManagerFactory();
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context.getSocketFactory();
        } catch (Exception e) {
            throw new IllegalStateException("lab: cannot use its own certificate", e);
        }
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(pem);
        } catch (IOException e) {
            throw new UncheckedIOException("lab: cannot delete " + pem, e);
        }
    }
}
