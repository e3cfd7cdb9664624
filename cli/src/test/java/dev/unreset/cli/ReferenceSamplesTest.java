package dev.unreset.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unreset.explain.Reference;
import dev.unreset.lab.Ending;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every code sample of the reference runs, in its own runtime, against a lab that resets it. A
/// runtime that is not on the machine is skipped, in sight.
class ReferenceSamplesTest {

    private static final String PLACE = "https://example.com/file";
    private static final int BYTES = 5_000_000;

    @TempDir private Path folder;

    /// Each of these gets its answer although the first connection is reset.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "python-requests-session.py",
                "python-httpx-session.py",
                "python-aiohttp-session.py",
                "python-urllib-retry.py",
                "node-fetch-retry.mjs",
                "node-http-agent.mjs",
                "java-unreset-session.java",
                "java-httpclient-retry.java",
                "go-client.go",
                "ruby-net-http.rb",
                "php-curl.php",
            })
    void aSampleThatRepeats(String sample) throws Exception {
        Rules oneReset = Rules.builder().endOnRequest(1).build();
        try (LabServer lab = LabServer.start(oneReset)) {
            String output = run(sample, lab.uri("/bytes/" + BYTES));

            assertThat(output.strip()).endsWith(String.valueOf(BYTES));
            assertThat(lab.connections())
                    .anyMatch(connection -> connection.ending().equals(Optional.of(Ending.RST)));
        }
    }

    /// Each of these has the whole file although every connection is reset after 2 MB.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "python-requests-resume.py",
                "node-resume.mjs",
                "curl-resume.sh",
                "unreset-get.sh",
                "java-unreset-download.java",
            })
    void aSampleThatResumes(String sample) throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(2_000_000).build())) {
            run(sample, lab.uri("/bytes/" + BYTES));

            Path file = folder.resolve("file.bin");
            if (sample.startsWith("java")) {
                file = folder.resolve(String.valueOf(BYTES));
            }
            assertThat(Files.size(file)).isEqualTo(BYTES);
            assertThat(digest(file)).isEqualTo(digestOf(lab));
            assertThat(lab.connections()).hasSizeGreaterThan(1);
        }
    }

    @Test
    void theCurlRetryBeginsAnewAndEndsWell() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endOnRequest(1).build())) {
            run("curl-retry.sh", lab.uri("/bytes/" + BYTES));

            assertThat(Files.size(folder.resolve("file.bin"))).isEqualTo(BYTES);
        }
    }

    @Test
    void theGoTransportGetsAnAnswer() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            run("go-transport.go", lab.uri("/bytes/" + BYTES));

            assertThat(lab.requests()).hasSize(1);
        }
    }

    /// The lab resets whoever makes more than 5 requests a second; the sample stays below.
    @Test
    void thePaceStaysBelowTheLimit() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().maxRequestRate(5).build())) {
            String output = run("python-pace.py", lab.uri("/bytes/100"));

            assertThat(output.strip()).isEqualTo("200");
            assertThat(lab.requests()).hasSize(8);
        }
    }

    @Test
    void theFramingReadsWhatItWrote() throws Exception {
        assertThat(run("python-socket-framing.py", PLACE).strip()).isEqualTo("b'hello'");
    }

    @Test
    void theSocketIsKeptAlive() throws Exception {
        assertThat(run("python-socket-keepalive.py", PLACE).strip()).isEqualTo("1");
    }

    @Test
    void theKernelSettingsAreWrittenDown() throws Exception {
        run("tcp-keepalive.sh", PLACE);

        assertThat(folder.resolve("60-keepalive.conf"))
                .content()
                .contains("net.ipv4.tcp_keepalive_time = 120\n");
    }

    @Test
    void gitFetchesInSteps() throws Exception {
        need("git");
        Path origin = Files.createDirectory(folder.resolve("origin"));
        for (String[] command :
                List.of(
                        new String[] {"git", "init", "-q", "."},
                        new String[] {"git", "config", "user.email", "a@example.org"},
                        new String[] {"git", "config", "user.name", "a"},
                        new String[] {"git", "commit", "-q", "--allow-empty", "-m", "one"},
                        new String[] {"git", "commit", "-q", "--allow-empty", "-m", "two"})) {
            execute(origin, PLACE, command);
        }

        run("git-fetch.sh", origin.toUri().toString());

        assertThat(execute(folder.resolve("copy"), PLACE, "git", "rev-list", "--count", "HEAD"))
                .isEqualTo("2\n");
    }

    @Test
    void nginxTakesItsConfiguration() throws Exception {
        need("nginx");
        Path server = write("nginx-proxy.conf", PLACE);
        Path main =
                Files.writeString(
                        folder.resolve("main.conf"),
                        "pid "
                                + folder.resolve("nginx.pid")
                                + ";\nerror_log "
                                + folder.resolve("error.log")
                                + ";\nevents {}\nhttp { access_log off; include "
                                + server
                                + "; }\n");

        assertThat(execute(folder, PLACE, "nginx", "-t", "-q", "-c", main.toString())).isEmpty();
    }

    @Test
    void haproxyTakesItsConfiguration() throws Exception {
        need("haproxy");

        String output =
                execute(
                        folder,
                        PLACE,
                        "haproxy",
                        "-c",
                        "-f",
                        write("haproxy-proxy.cfg", PLACE).toString());

        assertThat(output).doesNotContain("ALERT").doesNotContain("WARNING");
    }

    @Test
    void sshTakesItsConfiguration() throws Exception {
        need("ssh");

        String output =
                execute(
                        folder,
                        PLACE,
                        "ssh",
                        "-G",
                        "-F",
                        write("ssh-config.txt", PLACE).toString(),
                        "host.example");

        assertThat(output).contains("serveraliveinterval 60", "connectionattempts 3");
    }

    /// Compiled only: it needs a database, and the capture tests have one.
    @Test
    void thePostgresqlSampleCompiles() throws Exception {
        need("python3");
        Path file = write("python-postgresql.py", PLACE);

        assertThat(execute(folder, PLACE, python(), "-m", "py_compile", file.toString())).isEmpty();
    }

    private String run(String sample, String uri) throws Exception {
        Path file = write(sample, uri);
        String[] command =
                switch (sample.substring(sample.lastIndexOf('.') + 1)) {
                    case "py" -> new String[] {python(), file.toString()};
                    case "mjs" -> new String[] {"node", file.toString()};
                    case "sh" -> new String[] {"bash", "-eu", file.toString()};
                    case "java" -> java(file);
                    case "go" -> new String[] {"go", "run", file.toString()};
                    case "rb" -> new String[] {"ruby", file.toString()};
                    case "php" -> new String[] {"php", file.toString()};
                    default -> throw new IllegalArgumentException(sample);
                };
        need(command[0]);
        if (sample.startsWith("python-")) {
            needPythonModules(sample);
        }
        if (sample.endsWith(".php")) {
            needModule(sample, "curl", "php", "-r", "exit((int) !function_exists('curl_init'));");
        }
        return execute(folder, uri, command);
    }

    private static String[] java(Path file) {
        return new String[] {
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--class-path",
            System.getProperty("java.class.path"),
            file.toString()
        };
    }

    private Path write(String sample, String uri) throws IOException {
        // A compact Java file is named as a class.
        String name = sample.endsWith(".java") ? "Sample.java" : sample;
        return Files.writeString(
                folder.resolve(name), Reference.sample(sample).replace(PLACE, uri));
    }

    /// Runs it in `where`; its standard output, and its standard error where it fails.
    private String execute(Path where, String uri, String... command) throws Exception {
        Path output = folder.resolve("output");
        Path errors = folder.resolve("errors");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(where.toFile())
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile());
        builder.environment().put("REPOSITORY", uri);
        builder.environment().put("GOCACHE", folder.resolve("go-cache").toString());
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        builder.environment()
                .merge(
                        "PATH",
                        unresetOnPath().toString(),
                        (path, own) -> own + File.pathSeparator + path);
        Process process = builder.start();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("not done in 120 s: " + String.join(" ", command));
        }
        String out = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(process.exitValue())
                .as("%s%n%s", out, Files.readString(errors, StandardCharsets.UTF_8))
                .isZero();
        return out;
    }

    /// A folder with a program `unreset` that runs the classes under test.
    private Path unresetOnPath() throws IOException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        String command =
                String.join(
                        "' '",
                        java(Path.of("-"))[0],
                        "-cp",
                        System.getProperty("java.class.path"),
                        Unreset.class.getName());
        Path script =
                Files.writeString(
                        bin.resolve("unreset"), "#!/bin/sh\nexec '" + command + "' \"$@\"\n");
        script.toFile().setExecutable(true);
        return bin;
    }

    /// Debian's modules belong to Debian's Python.
    private static String python() {
        return new File("/usr/bin/python3").canExecute() ? "/usr/bin/python3" : "python3";
    }

    private static void needPythonModules(String sample) throws Exception {
        for (String module : List.of("requests", "httpx", "aiohttp")) {
            if (Reference.sample(sample).contains("import " + module)
                    || Reference.sample(sample).contains(", " + module)) {
                needModule(sample, module, python(), "-c", "import " + module);
            }
        }
    }

    private static void needModule(String sample, String module, String... probe) throws Exception {
        boolean there = new ProcessBuilder(probe).start().waitFor() == 0;
        if (!there) {
            System.out.println("skipped: " + sample + " (no module " + module + ")");
        }
        assumeTrue(there, module);
    }

    private static void need(String program) {
        boolean there =
                new File(program).canExecute()
                        || Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                                .anyMatch(path -> new File(path, program).canExecute());
        if (!there) {
            System.out.println("skipped: " + program + " is not on this machine");
        }
        assumeTrue(there, program);
    }

    private static String digest(Path file) throws Exception {
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        return HexFormat.of().formatHex(sha.digest(Files.readAllBytes(file)));
    }

    private static String digestOf(LabServer lab) throws Exception {
        try (Stream<String> lines =
                new java.io.BufferedReader(
                                new java.io.InputStreamReader(
                                        java.net
                                                .URI
                                                .create(lab.uri("/sha256/" + BYTES))
                                                .toURL()
                                                .openStream(),
                                        StandardCharsets.UTF_8))
                        .lines()) {
            return lines.findFirst().orElseThrow().strip();
        }
    }
}
