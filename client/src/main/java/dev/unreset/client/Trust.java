package dev.unreset.client;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLException;

/// Which certificates a session trusts: the platform's, or those of a PEM file.
record Trust(Optional<Path> pem) {

    static Trust platform() {
        return new Trust(Optional.empty());
    }

    /// @throws IllegalArgumentException if the file holds no certificate that can be read
    SslContext context() {
        try {
            File file = pem.map(Path::toFile).orElse(null);
            return (file == null
                            ? SslContextBuilder.forClient()
                            : SslContextBuilder.forClient().trustManager(file))
                    .build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "certificates in "
                            + pem.map(Path::toString).orElse("the platform")
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }
}
