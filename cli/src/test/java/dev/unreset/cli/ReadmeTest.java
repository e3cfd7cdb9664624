package dev.unreset.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The Java of the READMEs compiles as it stands there.
class ReadmeTest {

    private static final Path PROJECT = Path.of("..");

    /// What a reader's program has around it.
    private static final String AROUND =
            """
            import dev.unreset.*;
            import dev.unreset.client.*;
            import dev.unreset.explain.*;
            import dev.unreset.capture.*;
            import dev.unreset.logs.*;
            import dev.unreset.lab.*;
            import java.net.*;
            import java.nio.file.*;
            import java.time.*;
            import java.util.*;
            class Sample {
                org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger("sample");
                Throwable throwable = new java.io.IOException();
                YourClient yourClient = uri -> {};
                interface YourClient { void download(String uri); }
                void sample() throws Exception {
                    SAMPLE
                }
            }
            """;

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "client/README.md",
                "explain/README.md",
                "capture/README.md",
                "logs/README.md",
                "lab/README.md",
            })
    void itsJavaCompiles(String file) throws IOException {
        List<String> samples = new ArrayList<>();
        Matcher fence =
                Pattern.compile("(?s)```java\n(.*?)```")
                        .matcher(Files.readString(PROJECT.resolve(file)));
        while (fence.find()) {
            samples.add(fence.group(1));
        }
        assumeThat(samples).isNotEmpty();

        assertThat(samples).allSatisfy(sample -> assertThat(errors(sample)).isEmpty());
    }

    private String errors(String sample) {
        JavaFileObject source =
                new SimpleJavaFileObject(
                        URI.create("string:///Sample.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return AROUND.replace("SAMPLE", sample);
                    }
                };
        StringWriter messages = new StringWriter();
        ToolProvider.getSystemJavaCompiler()
                .getTask(
                        messages,
                        null,
                        null,
                        List.of(
                                "-d",
                                folder.toString(),
                                "-proc:none",
                                "-cp",
                                System.getProperty("java.class.path")),
                        null,
                        List.of(source))
                .call();
        return messages.toString();
    }
}
