package dev.unreset.client;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Which certificates a session trusts: the platform's, or those of a PEM file. Thread-safe.
final class Trust {

    private final Optional<Path> pem;
    private @Nullable SslContext context;

    private Trust(Optional<Path> pem) {
        this.pem = pem;
    }

    /// The platform's certificates, which are read when they are needed: that takes longer than
    /// most plain exchanges.
    static Trust platform() {
        return new Trust(Optional.empty());
    }

    /// The certificates of a PEM file, which is read at once.
    ///
    /// @throws IllegalArgumentException if the file holds no certificate that can be read
    static Trust of(Path pem) {
        Trust trust = new Trust(Optional.of(pem));
        trust.context();
        return trust;
    }

    synchronized SslContext context() {
        SslContext known = context;
        if (known == null) {
            known = build();
            context = known;
        }
        return known;
    }

    private SslContext build() {
        try {
            File file = pem.map(Path::toFile).orElse(null);
            return (file == null
                            ? SslContextBuilder.forClient()
                            : SslContextBuilder.forClient().trustManager(file))
                    .build();
        } catch (SSLException | IllegalArgumentException e) {
            Path missing = pem.filter(Files::notExists).orElse(null);
            if (missing != null) {
                throw new IllegalArgumentException(missing + ": does not exist", e);
            }
            throw new IllegalArgumentException(
                    "certificates in "
                            + pem.map(Path::toString).orElse("the platform")
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }
}
