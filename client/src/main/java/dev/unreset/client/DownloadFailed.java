package dev.unreset.client;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A download cannot be completed, for a reason that the message says whole.
final class DownloadFailed extends IOException {

    private static final long serialVersionUID = 1L;

    private final boolean aboutFile;

    private DownloadFailed(String message, boolean aboutFile, @Nullable Throwable cause) {
        super(message, cause);
        this.aboutFile = aboutFile;
    }

    DownloadFailed(String message, Throwable cause) {
        this(message, false, cause);
    }

    DownloadFailed(String message) {
        this(message, false, null);
    }

    /// The file is at fault, not the server: `FILE: WHAT`.
    static DownloadFailed ofFile(Path file, String what, @Nullable Throwable cause) {
        return new DownloadFailed(file + ": " + what, true, cause);
    }

    boolean isAboutFile() {
        return aboutFile;
    }
}
