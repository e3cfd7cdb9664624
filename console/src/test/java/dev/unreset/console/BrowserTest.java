package dev.unreset.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unreset.explain.Reference;
import java.io.File;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/// The site and the console in headless Chromium. Skipped, in sight, where it is not installed.
class BrowserTest {

    private static final File DRIVER = new File("/usr/bin/chromedriver");
    private static final File BROWSER = new File("/usr/bin/chromium");
    private static final Dimension PHONE = new Dimension(360, 740);
    private static final Dimension DESK = new Dimension(1200, 900);

    @TempDir private static Path folder;

    private static ChromeDriver browser;
    private static Console console;

    @BeforeAll
    static void start() throws Exception {
        boolean there = DRIVER.canExecute() && BROWSER.canExecute();
        if (!there) {
            System.out.println("skipped: BrowserTest (no chromium and chromedriver)");
        }
        assumeTrue(there, "chromium");
        Site.write(folder.resolve("site"));
        console = Console.start(0);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(BROWSER);
        options.setCapability("goog:loggingPrefs", logs);
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--no-proxy-server",
                "--user-data-dir=" + folder.resolve("profile"));
        browser =
                new ChromeDriver(
                        new ChromeDriverService.Builder()
                                .usingDriverExecutable(DRIVER)
                                .usingAnyFreePort()
                                .build(),
                        options);
        // The browser's own first page is not ours.
        browser.get("about:blank");
        browser.manage().logs().get(LogType.BROWSER);
        browser.manage().logs().get(LogType.PERFORMANCE);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.quit();
        }
        if (console != null) {
            console.close();
        }
    }

    /// After each test: nothing in the browser's console, and nobody outside was asked.
    @AfterEach
    void nothingWentWrong() {
        assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
                .filteredOn(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .isEmpty();
        assertThat(browser.manage().logs().get(LogType.PERFORMANCE).getAll())
                .extracting(LogEntry::getMessage)
                .filteredOn(message -> message.contains("\"Network.requestWillBeSent\""))
                .allMatch(message ->
                        message.contains("\"url\":\"http://127.0.0.1:" + console.uri().getPort())
                                || message.contains("\"url\":\"file:///")
                                || message.contains("\"url\":\"data:"));
    }

    @Test
    void theSearchWorksWithoutAServer() {
        openSite("index.html");

        browser.findElement(By.id("search")).sendKeys("10054");

        assertThat(shown()).isNotEmpty().hasSizeLessThan(8);
        assertThat(shown())
                .anyMatch(text -> text.contains("An existing connection was forcibly closed"));
        assertThat(browser.findElement(By.id("search-count")).getText()).endsWith("entries");
    }

    @Test
    void aSearchCanBeLinkedTo() {
        openSite("index.html#q=nlb");

        assertThat(shown()).isNotEmpty().hasSizeLessThan(Reference.entries().size());
        assertThat(shown()).anyMatch(text -> text.contains("AWS Network Load Balancer"));
    }

    @Test
    void anEntryAndItsPartsCanBeLinkedTo() {
        openSite("aws-nlb.html#fixes");

        assertThat(browser.getTitle()).startsWith("AWS Network Load Balancer");
        assertThat(browser.findElement(By.cssSelector("#fixes")).isDisplayed()).isTrue();
        assertThat(
                        (Double)
                                script(
                                        "return document.getElementById('fixes').getBoundingClientRect().top + 0.001"))
                .isLessThan(900);
    }

    @Test
    void theKeyboardIsEnough() {
        openSite("index.html");

        browser.switchTo().activeElement().sendKeys("/");
        browser.switchTo().activeElement().sendKeys("IncompleteRead");
        browser.switchTo().activeElement().sendKeys(Keys.ENTER);

        new WebDriverWait(browser, Duration.ofSeconds(10))
                .until(page -> browser.getTitle().startsWith("Python: http.client.IncompleteRead"));
        // The first stop is the link that skips the navigation.
        browser.findElement(By.tagName("body")).sendKeys(Keys.TAB);
        assertThat(browser.switchTo().activeElement().getText()).isEqualTo("Skip to the content");
    }

    @Test
    void anErrorIsPastedAndExplainedByKeyboard() {
        browser.get(console.uri().toString());

        WebElement text = browser.findElement(By.id("text"));
        text.sendKeys("ConnectionResetError: [Errno 104] Connection reset by peer");
        text.sendKeys(Keys.chord(Keys.CONTROL, Keys.ENTER));

        new WebDriverWait(browser, Duration.ofSeconds(10))
                .until(page -> !page.findElements(By.cssSelector("#answer h2")).isEmpty());
        assertThat(browser.findElement(By.cssSelector("#answer h2")).getText()).startsWith("reset");
        assertThat(browser.switchTo().activeElement().getDomAttribute("id")).isEqualTo("answer");
        browser.findElement(By.linkText("All about it in the reference")).click();
        assertThat(browser.getTitle()).contains("ConnectionResetError");
    }

    @Test
    void pastedHtmlDoesNothing() {
        browser.get(console.uri().toString());

        script(
                "document.getElementById('text').value = arguments[0];"
                        + "document.getElementById('explain-form').requestSubmit()",
                """
                </textarea><script>document.title='owned'</script>
                <img src=x onerror="document.title='owned'"> ECONNRESET
                  File "<img src=x onerror=document.title='owned'>.py", line 1, in f
                """);

        new WebDriverWait(browser, Duration.ofSeconds(10))
                .until(page -> !page.findElements(By.cssSelector("#answer h2")).isEmpty());
        assertThat(browser.getTitle()).isEqualTo("Console - Unreset");
        assertThat(browser.findElements(By.tagName("img"))).isEmpty();
    }

    @Test
    void aCaptureIsDroppedAndRead() {
        browser.get(console.uri().toString());

        browser.findElement(By.id("capture"))
                .sendKeys(ConsoleTest.capture().toAbsolutePath().toString());

        new WebDriverWait(browser, Duration.ofSeconds(20))
                .until(page -> !page.findElements(By.cssSelector("#answer h3")).isEmpty());
        assertThat(browser.findElement(By.id("answer")).getText())
                .contains("1 connection reset", "the server sent the RST");
        noViolations();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "index.html",
                "econnreset.html",
                "python-connectionreseterror.html",
                "node-econnreset.html"
            })
    void aPhoneShowsEverythingWithoutScrollingAside(String page) {
        browser.manage().window().setSize(PHONE);
        // Headless windows have a least width of their own; this one does not.
        browser.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", 360, "height", 740, "deviceScaleFactor", 1, "mobile", true));
        try {
            openSite(page);

            assertThat(script("return document.documentElement.scrollWidth")).isEqualTo(360L);
        } finally {
            browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
            browser.manage().window().setSize(DESK);
        }
    }

    @Test
    void noPageBreaksAnAccessibilityRule() {
        Reference.entries()
                .forEach(entry -> {
                    openSite(entry.key() + ".html");
                    noViolations();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"light", "dark"})
    void noKindOfPageBreaksAnAccessibilityRule(String scheme) {
        browser.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "features",
                        List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
        for (String page : List.of("index.html", "node-econnreset.html", "f5-big-ip.html")) {
            openSite(page);
            noViolations();
        }
        browser.get(console.uri().toString());
        noViolations();
    }

    private static void openSite(String page) {
        browser.get("about:blank");
        browser.get(folder.resolve("site").toUri() + page);
    }

    private static List<String> shown() {
        return browser.findElements(By.cssSelector("li[data-words]:not([hidden])")).stream()
                .map(WebElement::getText)
                .toList();
    }

    private static Object script(String source, Object... arguments) {
        return Objects.requireNonNullElse(browser.executeScript(source, arguments), "");
    }

    /// What axe-core has to say of the page in the browser.
    private static void noViolations() {
        browser.executeScript(axe());
        Object violations =
                browser.executeAsyncScript(
                        "const done = arguments[arguments.length - 1];"
                                + "axe.run({preload: false}).then(result => done(result.violations.map("
                                + "each => each.id + ': ' + each.nodes.map(node => node.html).join(' '))))");
        assertThat((List<?>) violations).as(browser.getCurrentUrl()).isEmpty();
    }

    private static String axe() {
        try (InputStream in = BrowserTest.class.getResourceAsStream("/axe.min.js")) {
            return new String(
                    Objects.requireNonNull(in, "axe.min.js").readAllBytes(),
                    StandardCharsets.UTF_8);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
