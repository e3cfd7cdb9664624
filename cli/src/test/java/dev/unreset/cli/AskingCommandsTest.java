package dev.unreset.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The commands that answer questions, as a user types them: explain, logs, capture, reference,
/// console.
class AskingCommandsTest {

    private static final Path CAPTURE =
            Path.of("../console/src/test/resources/dev/unreset/console/reset.pcap")
                    .toAbsolutePath();

    private static final Path BUSY =
            Path.of(
                            "../capture/src/test/resources/dev/unreset/capture/scenarios/servers-27-mariadb-killed-restart.client.pcap.gz")
                    .toAbsolutePath();

    @TempDir private Path folder;

    @Test
    void anErrorOnTheCommandLine() throws Exception {
        CommandLineProcess explain =
                run("explain", "ConnectionResetError: [Errno 104] Connection reset by peer");

        assertThat(explain.status()).isZero();
        assertThat(explain.out())
                .startsWith("what    reset (phase await), Python\n")
                .contains("\nnot     ", "\nwhy     ", "\nask     ", "\nfix     import requests\n")
                .endsWith("more    unreset reference python-connectionreseterror\n");
        assertThat(explain.err()).isEmpty();
    }

    @Test
    void oneDocumentForEachLine() throws Exception {
        Path errors =
                Files.writeString(
                        folder.resolve("errors.txt"),
                        "curl: (7) Failed to connect to localhost port 1: Connection refused\n\nKeyError: 'a'\n");

        CommandLineProcess explain = run("explain", "--lines", "--json", errors.toString());

        assertThat(explain.out().lines()).hasSize(3);
        assertThat(explain.out().lines().findFirst().orElseThrow())
                .startsWith("{\"kind\":\"refused\",\"phase\":\"connect\",\"runtime\":\"curl\"");
        assertThat(explain.out().lines().skip(1))
                .allMatch(line -> line.startsWith("{\"kind\":\"none\""));
    }

    @Test
    void hostileTextIsPrintedWithoutControlCharacters() throws Exception {
        Path text =
                Files.writeString(
                        folder.resolve("hostile.txt"),
                        "\u001b]0;owned\u0007 File \"\u001b[31mx\u009b31m.py\", line 1, in f\nECONNRESET http://a\u0007b:80/");

        CommandLineProcess explain = run("explain", text.toString());

        assertThat(explain.out().chars()).allMatch(c -> c == '\n' || !Character.isISOControl(c));
    }

    @Test
    void whatHasNothingToDoWithConnectionsIsOneLine() throws Exception {
        assertThat(run("explain", "KeyError: 'name'").out())
                .isEqualTo("none: This has nothing to do with connections.\n");
    }

    @Test
    void aLogAndWhatItTells() throws Exception {
        Path log =
                Files.writeString(
                        folder.resolve("error.log"),
                        "2026/11/22 10:00:00 [alert] 1#1: worker process 7 exited on signal 9\nquiet\n");

        CommandLineProcess logs = run("logs", log.toString());
        CommandLineProcess json = run("logs", "--json", log.toString());

        assertThat(logs.out())
                .contains(
                        "from 2026-11-22T10:00:00 to",
                        "error.log:1: ",
                        "most probable: server crash")
                .endsWith("2 lines, 1 of them tell of the end of connections.\n");
        assertThat(json.out())
                .contains(
                        "\"lines\":2",
                        "\"product\":\"nginx\"",
                        "\"causes\":[{\"cause\":\"SERVER_RESTART\"");
    }

    @Test
    void aCaptureAndWhoResetIt() throws Exception {
        CommandLineProcess capture = run("capture", CAPTURE.toString());
        CommandLineProcess json = run("capture", "--json", CAPTURE.toString());

        assertThat(capture.out())
                .contains("1 connection reset", "who      the server sent the RST", "\n    >");
        assertThat(json.out())
                .contains("\"end\":\"reset\"", "\"sender\":\"server\"", "\"resetPacket\":6");
    }

    /// Each process spreads connections over its threads in another way.
    @Test
    void aCaptureIsJudgedTheSameInEachRun() throws Exception {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < 6; i++) {
            answers.add(
                    run("capture", "--all", "--json", BUSY.toString())
                            .out()
                            .replaceFirst("\"seconds\":[0-9.E-]+", ""));
        }

        assertThat(answers).hasSize(1);
    }

    @Test
    void aCaptureFromAPipeWithAName() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        Process reader = CommandLineProcess.startTalking(folder, "capture", pipe.toString());
        Files.write(pipe, Files.readAllBytes(CAPTURE));

        assertThat(textOf(reader)).contains("1 connection reset");
        assertThat(reader.waitFor()).isZero();
    }

    @Test
    @Timeout(60)
    void aLiveCaptureTellsAtOnceAndReportsOnCtrlC() throws Exception {
        Process live = CommandLineProcess.startTalking(folder, "capture", "-");
        live.getOutputStream().write(Files.readAllBytes(CAPTURE));
        live.getOutputStream().flush();
        BufferedReader out = live.inputReader();

        assertThat(out.readLine()).contains(" -> ", "  reset: the server sent the RST");
        new ProcessBuilder("kill", "-INT", String.valueOf(live.pid())).start().waitFor();
        assertThat(out.lines())
                .anyMatch(line -> line.endsWith("1 connection reset"))
                .anyMatch(line -> line.endsWith("1 ended badly; 1 RST."));
        assertThat(live.waitFor()).isZero();
    }

    private static String textOf(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void anEntryOfTheReference() throws Exception {
        assertThat(run("reference", "aws-nlb").out())
                .startsWith("# AWS Network Load Balancer")
                .contains("## Causes", "```sh", "sources ");
        assertThat(run("reference", "10054").out())
                .startsWith("  windows-10054 ")
                .contains("unreset reference KEY");
        assertThat(run("reference").out()).startsWith("Errors, any language\n");
    }

    @Test
    void theReferenceAsASite() throws Exception {
        CommandLineProcess site = run("reference", "--site", "public");

        assertThat(site.out()).contains("pages written; open public/index.html");
        assertThat(folder.resolve("public/econnreset.html")).isRegularFile();
    }

    /// One clear line on standard error, nothing on standard output, and the status.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "explain --nonsense | 2 | --nonsense",
                "logs | 2 | FILE",
                "logs no-such-file | 1 | no-such-file: does not exist",
                "logs --around yesterday no-such-file | 2 | expected: 2026-11-22T10:05",
                "logs --follow - | 2 | needs files",
                "logs --rules no-such-rules no-such-file | 1 | no-such-rules: does not exist",
                "lab --port 99999 | 2 | --port 99999 (expected: 0 to 65535)",
                "capture --write out.pcapng - | 2 | --write needs files",
                "capture | 2 | FILE",
                "capture no-such-file | 1 | no-such-file",
                "capture --filter nonsense no-such-file | 2 | nonsense",
                "capture --filter sender=nobody no-such-file | 2 | expected: one of client, server, middlebox, unknown",
                "capture --filter cause=weather no-such-file | 2 | expected: one of server_restart",
                "capture --filter port=none no-such-file | 2 | expected: a port number",
                "capture --framing nonsense no-such-file | 2 | nonsense",
                "reference quicksilver | 1 | is not in the reference",
                "console --port 99999 | 2 | expected: 0 to 65535",
                "console --port none | 2 | none",
            })
    void wrongInputIsOneClearLine(String arguments, int status, String message) throws Exception {
        CommandLineProcess command = run(arguments.split(" ", -1));

        assertThat(command.status()).as(command.err()).isEqualTo(status);
        assertThat(command.out()).isEmpty();
        assertThat(command.messages()).hasSizeBetween(1, 2);
        assertThat(command.messages().getFirst()).startsWith("unreset: ").contains(message);
    }

    private CommandLineProcess run(String... arguments) throws Exception {
        return CommandLineProcess.run(folder, arguments);
    }
}
