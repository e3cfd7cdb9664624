package dev.unreset.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The file that a download writes: named by the user, or by the first response.
final class Target implements AutoCloseable {

    private final DownloadRequest request;
    private final Path likely;
    private @Nullable Path file;
    private @Nullable PartFile part;

    /// @throws DownloadFailed if the folder is not there or cannot be written
    Target(DownloadRequest request) throws DownloadFailed {
        this.request = request;
        this.likely =
                request.file()
                        .orElseGet(() ->
                                request.folder()
                                        .resolve(FileName.of(Headers.none(), request.uri())));
        Path folder = likely.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw DownloadFailed.ofFile(
                    likely, "the folder does not exist: create it or name another file", null);
        }
        if (!Files.isWritable(folder)) {
            throw DownloadFailed.ofFile(
                    folder, "the folder cannot be written: name a file in another one", null);
        }
        if (Files.isDirectory(likely)) {
            throw DownloadFailed.ofFile(likely, "is a folder: name a file", null);
        }
    }

    /// What an earlier run of the same download left, if the name is known without asking.
    Optional<Journal.Saved> reopen() throws IOException {
        if (!Files.exists(PartFile.journalOf(likely))) {
            return Optional.empty();
        }
        return open(likely).saved().filter(saved -> saved.uri().equals(request.uri().toString()));
    }

    /// The part file, opened now if it was not, under the name that `response` suggests where the
    /// user gave none.
    PartFile open(Response response) throws IOException {
        if (part != null) {
            return part;
        }
        if (request.file().isPresent()) {
            return open(likely);
        }
        Path named = request.folder().resolve(FileName.of(response.headers(), response.uri()));
        if (Files.exists(named) && !named.equals(likely)) {
            throw DownloadFailed.ofFile(
                    named,
                    "exists, and the server chose this name: name the file yourself to replace it",
                    null);
        }
        return open(named);
    }

    private PartFile open(Path chosen) throws IOException {
        file = chosen;
        part = PartFile.open(chosen, request.segments().orElse(Transfer.USUAL_SEGMENTS));
        return part;
    }

    /// The file, or what would be it as far as is known.
    Path file() {
        return file == null ? likely : file;
    }

    Optional<PartFile> part() {
        return Optional.ofNullable(part);
    }

    /// Forgets the part file, which has become the file or was deleted.
    void done() {
        part = null;
    }

    @Override
    public void close() throws IOException {
        if (part != null) {
            part.close();
        }
    }
}
