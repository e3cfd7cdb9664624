package dev.unreset.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.explain.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {

    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");

    @TempDir private Path folder;

    @Test
    void thereIsAPageForEachEntry() throws IOException {
        int pages = Site.write(folder.resolve("deep/site"));

        assertThat(pages).isEqualTo(1 + Reference.entries().size());
        assertThat(folder.resolve("deep/site/aws-nlb.html")).isRegularFile();
    }

    @Test
    void everyLinkLeadsToAFileAndAnAnchorOfTheSite() throws IOException {
        Site.write(folder);

        int links = 0;
        for (Path page : pages()) {
            Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                String target = link.group(1);
                if (target.equals("data:,")) {
                    continue;
                }
                links++;
                assertThat(target).doesNotContain("//").doesNotStartWith("/");
                String[] parts = target.split("#", -1);
                Path file = parts[0].isEmpty() ? page : folder.resolve(parts[0]);
                assertThat(file).isRegularFile();
                if (parts.length > 1) {
                    assertThat(Files.readString(file)).contains("id=\"" + parts[1] + "\"");
                }
            }
        }
        assertThat(links).isGreaterThan(400);
    }

    @Test
    void writingItAgainChangesNothing() throws IOException {
        Site.write(folder);
        String before = Files.readString(folder.resolve("index.html"));

        Site.write(folder);

        assertThat(folder.resolve("index.html")).content().isEqualTo(before);
    }

    private List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".html")).toList();
        }
    }
}
