package dev.unreset.client;

import java.util.OptionalLong;

/// Told how a download goes, from the download's own threads.
public interface DownloadListener {

    /// Hears nothing.
    DownloadListener SILENT =
            new DownloadListener() {
                @Override
                public void progress(Progress progress) {}

                @Override
                public void notice(String line) {}
            };

    /// How far a download is.
    ///
    /// @param done bytes that are written, those of an earlier run included
    /// @param total length of the content; empty if not known
    /// @param connections connections that are receiving now
    /// @param survived connection failures so far that cost nothing
    record Progress(long done, OptionalLong total, int connections, int survived) {}

    /// Called a few times a second while bytes come.
    void progress(Progress progress);

    /// Something that the user should know, in one line: the object changed, ranges are ignored,
    /// and so on.
    void notice(String line);
}
