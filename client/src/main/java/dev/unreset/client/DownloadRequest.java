package dev.unreset.client;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What to download, and where to.
///
/// @param headers sent with every request
/// @param folder where the file goes when `file` is empty, under the name that the response
///   suggests
/// @param file the file to write; empty: named by the response, inside `folder`
/// @param segments connections at once, 1 to 64; empty: 1 up to 64 MiB, else 4
/// @param checksum what the content must have; empty: what the response offers
/// @param retry for attempts that bring no byte; attempts that do are not counted
/// @param deadline for the whole download; empty: none
/// @param bytesPerSecond no faster than this, over all connections; empty: as fast as it comes
/// @param digest whether the result names the SHA-256 of the content even if nothing is to be
///   proved
public record DownloadRequest(
        URI uri,
        Headers headers,
        Path folder,
        Optional<Path> file,
        OptionalInt segments,
        Optional<Checksum> checksum,
        RetryPolicy retry,
        Optional<Duration> deadline,
        OptionalLong bytesPerSecond,
        boolean digest,
        DownloadListener listener) {

    private static final int MOST_SEGMENTS = 64;

    public DownloadRequest {
        if (segments.isPresent()
                && (segments.getAsInt() < 1 || segments.getAsInt() > MOST_SEGMENTS)) {
            throw new IllegalArgumentException(
                    "segments: " + segments.getAsInt() + " (expected: 1 to " + MOST_SEGMENTS + ")");
        }
        if (bytesPerSecond.isPresent() && bytesPerSecond.getAsLong() < 1) {
            throw new IllegalArgumentException(
                    "rate: "
                            + bytesPerSecond.getAsLong()
                            + " (expected: at least 1 byte a second)");
        }
        dev.unreset.Origin.of(uri);
    }

    /// A download of `uri` into `folder` with every default.
    public static DownloadRequest into(Path folder, String uri) {
        return new DownloadRequest(
                URI.create(uri),
                Headers.none(),
                folder,
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                RetryPolicy.defaults(),
                Optional.empty(),
                OptionalLong.empty(),
                false,
                DownloadListener.SILENT);
    }

    public DownloadRequest to(Path newFile) {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                Optional.of(newFile),
                segments,
                checksum,
                retry,
                deadline,
                bytesPerSecond,
                digest,
                listener);
    }

    public DownloadRequest withHeaders(Headers newHeaders) {
        return new DownloadRequest(
                uri,
                newHeaders,
                folder,
                file,
                segments,
                checksum,
                retry,
                deadline,
                bytesPerSecond,
                digest,
                listener);
    }

    public DownloadRequest withSegments(int count) {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                file,
                OptionalInt.of(count),
                checksum,
                retry,
                deadline,
                bytesPerSecond,
                digest,
                listener);
    }

    public DownloadRequest withChecksum(Checksum expected) {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                file,
                segments,
                Optional.of(expected),
                retry,
                deadline,
                bytesPerSecond,
                digest,
                listener);
    }

    public DownloadRequest withRetry(RetryPolicy policy) {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                file,
                segments,
                checksum,
                policy,
                deadline,
                bytesPerSecond,
                digest,
                listener);
    }

    public DownloadRequest withDeadline(Duration allowed) {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                file,
                segments,
                checksum,
                retry,
                Optional.of(allowed),
                bytesPerSecond,
                digest,
                listener);
    }

    public DownloadRequest withRate(long mostBytesPerSecond) {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                file,
                segments,
                checksum,
                retry,
                deadline,
                OptionalLong.of(mostBytesPerSecond),
                digest,
                listener);
    }

    public DownloadRequest withDigest() {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                file,
                segments,
                checksum,
                retry,
                deadline,
                bytesPerSecond,
                true,
                listener);
    }

    public DownloadRequest withListener(DownloadListener newListener) {
        return new DownloadRequest(
                uri,
                headers,
                folder,
                file,
                segments,
                checksum,
                retry,
                deadline,
                bytesPerSecond,
                digest,
                newListener);
    }
}
