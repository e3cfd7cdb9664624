package dev.unreset.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A downloader, and how it is told to go on after resets over one connection.
enum Tool {
    UNRESET,
    CURL,
    WGET,
    ARIA2;

    /// The command that downloads `url` to `name` in `folder`.
    ///
    /// @param unreset the launcher
    /// @param certificate what to trust; empty: nothing but the system's
    /// @param options more options for Unreset
    List<String> command(
            Path unreset,
            String url,
            Path folder,
            String name,
            Optional<Path> certificate,
            List<String> options) {
        List<String> command = new ArrayList<>();
        String to = folder.resolve(name).toString();
        switch (this) {
            case UNRESET -> {
                command.addAll(List.of(unreset.toString(), "get", "-q", "--no-profiles", "-o", to));
                command.addAll(options);
                certificate.ifPresent(pem -> command.addAll(List.of("--cacert", pem.toString())));
            }
            case CURL -> {
                // `--retry` forgets what has come (measured), so that people write this loop.
                command.addAll(List.of("sh", "-c", "until curl -s -C - \"$@\"; do :; done", "sh"));
                command.addAll(List.of("-o", to));
                certificate.ifPresent(pem -> command.addAll(List.of("--cacert", pem.toString())));
            }
            case WGET -> {
                command.addAll(List.of("wget", "-q", "-c", "--tries=0", "--waitretry=0", "-O", to));
                certificate.ifPresent(pem -> command.add("--ca-certificate=" + pem));
            }
            case ARIA2 -> {
                command.addAll(List.of("aria2c", "-q", "--max-tries=0", "-x1"));
                command.addAll(List.of("--allow-overwrite=true", "--file-allocation=none"));
                command.addAll(List.of("-d", folder.toString()));
                command.addAll(List.of("-o", name));
                certificate.ifPresent(pem -> command.add("--ca-certificate=" + pem));
            }
        }
        command.add(url);
        return command;
    }
}
