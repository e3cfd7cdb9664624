package dev.unreset.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unreset.Phase;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What real programs print when the lab resets them; a runtime that is not on the machine is
/// skipped, in sight.
class RealProgramsTest {

    private static final Rules CUT_BODY = Rules.builder().endAfterBytes(200_000).build();
    private static final Rules NO_ANSWER = Rules.builder().endOnEachRequest().build();

    @TempDir private Path folder;

    @Test
    void pythonInTheBody() throws Exception {
        Explanation explanation = python(CUT_BODY);

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Python");
        assertThat(explanation.phase()).contains(Phase.RECEIVE);
        assertThat(explanation.place().orElseThrow().line()).isEqualTo(4);
        assertThat(explanation.place().orElseThrow().function()).isEqualTo("fetch");
    }

    @Test
    void pythonBeforeTheAnswer() throws Exception {
        Explanation explanation = python(NO_ANSWER);

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.phase()).contains(Phase.AWAIT);
        assertThat(explanation.place().orElseThrow().line()).isEqualTo(4);
    }

    private Explanation python(Rules rules) throws Exception {
        need("python3");
        Path program =
                Files.writeString(
                        folder.resolve("own.py"),
                        """
                        import http.client, sys
                        def fetch(connection):
                            connection.request("GET", "/bytes/5000000")
                            return len(connection.getresponse().read())
                        print(fetch(http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))))
                        """);
        return explained(rules, "python3", program.toString());
    }

    @Test
    void pythonRefused() throws Exception {
        need("python3");
        Path program =
                Files.writeString(
                        folder.resolve("own.py"),
                        """
                        import sys, urllib.request
                        def fetch(port):
                            return urllib.request.urlopen("http://127.0.0.1:" + port + "/").read()
                        fetch(sys.argv[1])
                        """);

        Explanation explanation =
                Explainer.explain(
                        output("python3", program.toString(), String.valueOf(closedPort())));

        assertThat(explanation.kind()).isEqualTo(Kind.REFUSED);
        assertThat(explanation.phase()).contains(Phase.CONNECT);
        assertThat(explanation.place().orElseThrow().line()).isEqualTo(3);
    }

    @Test
    void nodeBeforeTheAnswer() throws Exception {
        need("node");
        Path program =
                Files.writeString(
                        folder.resolve("own.mjs"),
                        """
                        async function load(port) {
                          const answer = await fetch(`http://127.0.0.1:${port}/bytes/5000000`);
                          return (await answer.arrayBuffer()).byteLength;
                        }
                        console.log(await load(process.argv[2]));
                        """);

        Explanation explanation = explained(NO_ANSWER, "node", program.toString());

        assertThat(explanation.kind()).isIn(Kind.RESET, Kind.CLOSED_EARLY);
        assertThat(explanation.runtime()).contains("Node.js");
        assertThat(explanation.place().orElseThrow().file()).endsWith("own.mjs");
    }

    @Test
    void curlInTheBody() throws Exception {
        need("curl");
        try (LabServer lab = LabServer.start(CUT_BODY)) {
            Explanation explanation =
                    Explainer.explain(
                            output("curl", "-sS", "-o", "/dev/null", lab.uri("/bytes/5000000")));

            assertThat(explanation.kind()).isEqualTo(Kind.RESET);
            assertThat(explanation.runtime()).contains("curl");
        }
    }

    @Test
    void javaInTheBody() throws Exception {
        Explanation explanation = explained(CUT_BODY, java());

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Java");
        assertThat(explanation.phase()).contains(Phase.RECEIVE);
        assertThat(explanation.place().orElseThrow().toString())
                .isEqualTo("Own.java:5 in Own.load");
    }

    @Test
    void javaBeforeTheAnswer() throws Exception {
        Explanation explanation = explained(NO_ANSWER, java());

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.phase()).contains(Phase.AWAIT);
        assertThat(explanation.place().orElseThrow().line()).isEqualTo(4);
    }

    private String[] java() throws IOException {
        Path program =
                Files.writeString(
                        folder.resolve("Own.java"),
                        """
                        import java.net.URI;
                        class Own {
                            static void load(String port) throws Exception {
                                try (var in = URI.create("http://127.0.0.1:" + port + "/bytes/5000000").toURL().openStream()) {
                                    in.readAllBytes();
                                }
                            }
                            public static void main(String[] arguments) throws Exception {
                                load(arguments[0]);
                            }
                        }
                        """);
        return new String[] {
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), program.toString()
        };
    }

    @Test
    void goInTheBody() throws Exception {
        need("go");
        Path program =
                Files.writeString(
                        folder.resolve("own.go"),
                        """
                        package main

                        import (
                        	"io"
                        	"net/http"
                        	"os"
                        )

                        func load(port string) {
                        	answer, err := http.Get("http://127.0.0.1:" + port + "/bytes/5000000")
                        	if err == nil {
                        		_, err = io.ReadAll(answer.Body)
                        	}
                        	if err != nil {
                        		panic(err)
                        	}
                        }

                        func main() {
                        	load(os.Args[1])
                        }
                        """);

        Explanation explanation = explained(CUT_BODY, "go", "run", program.toString());

        assertThat(explanation.kind()).isEqualTo(Kind.RESET);
        assertThat(explanation.runtime()).contains("Go");
        assertThat(explanation.place().orElseThrow().file()).endsWith("own.go");
        assertThat(explanation.place().orElseThrow().line()).isEqualTo(15);
    }

    private static void need(String command) {
        boolean there =
                Arrays.stream(System.getenv("PATH").split(":", -1))
                        .anyMatch(path -> new File(path, command).canExecute());
        if (!there) {
            System.out.println("SKIPPED: " + command + " is not on this machine");
        }
        assumeTrue(there, command);
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Explanation explained(Rules rules, String... command) throws Exception {
        try (LabServer lab = LabServer.start(rules)) {
            String[] withPort = Arrays.copyOf(command, command.length + 1);
            withPort[command.length] = String.valueOf(lab.port());
            return Explainer.explain(output(withPort));
        }
    }

    private static String output(String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment()
                .keySet()
                .removeIf(name -> name.toLowerCase(java.util.Locale.ROOT).endsWith("_proxy"));
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(text).isNotZero();
        return text;
    }
}
