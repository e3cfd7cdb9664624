package dev.unreset.console;

import dev.unreset.explain.Reference;
import dev.unreset.explain.ReferenceEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// The reference as a static site: works from a folder, without a server, and asks nobody for
/// anything.
public final class Site {

    private Site() {}

    /// Writes the site into `folder`, which is created if it is not there; files of the same name
    /// are replaced.
    ///
    /// @return how many pages were written
    public static int write(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String asset : Pages.ASSETS) {
            if (!asset.equals("console.js")) {
                Files.write(folder.resolve(asset), Pages.asset(asset));
            }
        }
        write(folder, "index", Pages.OF_SITE.index());
        for (ReferenceEntry entry : Reference.entries()) {
            write(folder, entry.key(), Pages.OF_SITE.entry(entry));
        }
        return 1 + Reference.entries().size();
    }

    private static void write(Path folder, String name, String html) throws IOException {
        Files.writeString(folder.resolve(name + ".html"), html, StandardCharsets.UTF_8);
    }
}
