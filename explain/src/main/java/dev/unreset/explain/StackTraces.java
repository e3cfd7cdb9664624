package dev.unreset.explain;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds the innermost line of the user's own code in a stack trace.
///
/// Patterns are anchored at a line's beginning and have no nested repetition.
final class StackTraces {

    private static final Pattern PYTHON =
            Pattern.compile("^\\s{0,8}File \"([^\"]{1,400})\", line (\\d{1,7}), in (\\S{1,200})");
    private static final Pattern JAVA =
            Pattern.compile(
                    "^\\s{0,8}at ([\\w.$/@]{1,300})\\(([\\w$]{1,200}\\.(?:java|kt|scala)):(\\d{1,7})\\)");
    private static final Pattern NODE =
            Pattern.compile(
                    "^\\s{0,8}at (?:([^()]{1,200}) \\()?((?:file://)?[^()\\s]{1,400}):(\\d{1,7}):\\d{1,7}\\)?$");
    private static final Pattern GO =
            Pattern.compile("^\\s{0,8}(/[^\\s:]{1,400}\\.go):(\\d{1,7})(?: .*)?$");
    private static final Pattern RUBY =
            Pattern.compile(
                    "^\\s{0,8}(?:from )?([^\\s:]{1,400}\\.rb):(\\d{1,7}):in [`'\"]([^'\"`]{1,200})");
    private static final Pattern PHP =
            Pattern.compile("^#\\d{1,4} ([^\\s()]{1,400}\\.php)\\((\\d{1,7})\\): ([^\\s(]{1,200})");

    private static final List<String> JAVA_LIBRARIES =
            List.of(
                    "java.",
                    "javax.",
                    "jdk.",
                    "sun.",
                    "com.sun.",
                    "org.apache.",
                    "io.netty.",
                    "reactor.",
                    "okhttp3.",
                    "okio.",
                    "org.eclipse.jetty.",
                    "org.springframework.",
                    "com.mysql.",
                    "org.postgresql.",
                    "org.mariadb.",
                    "com.mongodb.",
                    "redis.clients.",
                    "io.lettuce.",
                    "com.rabbitmq.",
                    "io.grpc.",
                    "kotlin.",
                    "kotlinx.",
                    "scala.",
                    "org.junit.",
                    "com.zaxxer.",
                    "org.hibernate.",
                    "feign.",
                    "retrofit2.",
                    "io.vertx.",
                    "dev.unreset.");

    private StackTraces() {}

    static Optional<Explanation.CodePlace> own(List<String> lines) {
        Explanation.CodePlace lastOwn = null;
        for (String line : lines) {
            if (line.length() > 1000) {
                continue;
            }
            Matcher python = PYTHON.matcher(line);
            if (python.find() && !isPythonLibrary(python.group(1))) {
                // Python prints the innermost frame last.
                lastOwn = place(python.group(1), python.group(2), python.group(3));
            }
        }
        return lastOwn == null ? innermostFirst(lines) : Optional.of(lastOwn);
    }

    private static Optional<Explanation.CodePlace> innermostFirst(List<String> lines) {
        Optional<Explanation.CodePlace> found = Optional.empty();
        for (String line : lines) {
            if (line.startsWith("Caused by:")) {
                // The root comes last, and its frames are nearest to the socket.
                found = found.filter(place -> false);
            }
            if (found.isEmpty() && line.length() <= 1000) {
                found = frame(line);
            }
        }
        return found.isPresent() ? found : firstOf(lines);
    }

    private static Optional<Explanation.CodePlace> firstOf(List<String> lines) {
        return lines.stream()
                .filter(line -> line.length() <= 1000)
                .flatMap(line -> frame(line).stream())
                .findFirst();
    }

    private static Optional<Explanation.CodePlace> frame(String line) {
        Matcher java = JAVA.matcher(line);
        if (java.find()) {
            String method = java.group(1).substring(java.group(1).lastIndexOf('/') + 1);
            return JAVA_LIBRARIES.stream().anyMatch(method::startsWith)
                    ? Optional.empty()
                    : Optional.of(place(java.group(2), java.group(3), method));
        }
        Matcher node = NODE.matcher(line);
        if (node.find() && line.strip().startsWith("at ")) {
            String file = node.group(2);
            boolean library =
                    file.startsWith("node:")
                            || file.startsWith("internal/")
                            || file.contains("node_modules");
            String function =
                    node.group(1) == null ? "" : node.group(1).replaceFirst("^async ", "");
            return library
                    ? Optional.empty()
                    : Optional.of(
                            place(file.replaceFirst("^file://", ""), node.group(3), function));
        }
        Matcher go = GO.matcher(line);
        if (go.find()) {
            boolean library =
                    go.group(1).contains("/go/src/")
                            || go.group(1).contains("/pkg/mod/")
                            || go.group(1).contains("/usr/lib/go");
            return library ? Optional.empty() : Optional.of(place(go.group(1), go.group(2), ""));
        }
        Matcher ruby = RUBY.matcher(line);
        if (ruby.find()) {
            boolean library =
                    ruby.group(1).contains("/gems/") || ruby.group(1).contains("/lib/ruby/");
            return library
                    ? Optional.empty()
                    : Optional.of(place(ruby.group(1), ruby.group(2), ruby.group(3)));
        }
        Matcher php = PHP.matcher(line);
        return php.find() && !php.group(1).contains("/vendor/")
                ? Optional.of(place(php.group(1), php.group(2), php.group(3)))
                : Optional.empty();
    }

    private static boolean isPythonLibrary(String file) {
        return file.contains("site-packages")
                || file.contains("dist-packages")
                || file.contains("/lib/python")
                || file.contains("\\lib\\")
                || file.startsWith("<frozen");
    }

    private static Explanation.CodePlace place(String file, String line, String function) {
        return new Explanation.CodePlace(file, Integer.parseInt(line), function);
    }
}
