package dev.unreset.explain;

import dev.unreset.Diagnoser;
import dev.unreset.Phase;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Explains error texts: from one line to a whole traceback with a log around it.
public final class Explainer {

    /// Of longer texts the first and the last part are read: errors are at the ends.
    private static final int MOST_CHARS = 96 << 10;

    private static final Signatures ERRORS = Signatures.read("errors.tsv");
    private static final Signatures FRAMES = Signatures.read("frames.tsv");
    private static final Signatures RUNTIMES = Signatures.read("runtimes.tsv");

    /// Words that only connections have: with one of them, a look-alike is none.
    private static final List<String> CONNECTION_WORDS =
            List.of(
                    "econn",
                    "connection reset",
                    "connection refused",
                    "timed out",
                    "etimedout",
                    "errno 1",
                    "epipe",
                    "broken pipe",
                    "ssl",
                    "tls");

    private static final Pattern TERMINAL_ESCAPE =
            Pattern.compile("\u001b\\[[0-9;?]{0,20}[A-Za-z]");
    private static final Pattern HOST_AND_PORT =
            Pattern.compile(
                    "(?:host='([^']{1,253})', port=(\\d{1,5}))|(?:https?://([A-Za-z0-9.-]{1,253})(?::(\\d{1,5}))?)|(?:\\b(\\d{1,3}(?:\\.\\d{1,3}){3}):(\\d{1,5})\\b)");

    private Explainer() {}

    /// What `thrown` means, from its whole chain of causes.
    public static Explanation explain(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return explain(text.toString());
    }

    /// What `text` means. Never fails, and takes time in proportion to the text, of which it reads
    /// at most 96 KiB.
    public static Explanation explain(String text) {
        String clean = clean(text);
        String lower = clean.toLowerCase(Locale.ROOT);
        Optional<Signatures.Signature> error = error(lower).or(() -> error(unwrapped(lower)));
        Kind kind = error.map(each -> Kind.of(each.first())).orElse(Kind.NONE);
        List<String> lines = clean.lines().toList();
        Optional<Signatures.Signature> runtime = RUNTIMES.first(lower);
        String name = runtime.map(Signatures.Signature::first).orElse("");
        String client =
                runtime.map(Signatures.Signature::second)
                        .filter(each -> !each.equals("-"))
                        .orElse("");
        Optional<Phase> phase =
                phaseOfFrames(kind, lower).or(() -> error.flatMap(each -> phase(each.second())));
        boolean reused =
                lower.contains("reusedsocket")
                        || lower.contains("reused connection")
                        || lower.contains("remote end closed connection without response");
        Optional<String> target = target(clean);
        return new Explanation(
                kind,
                phase,
                Optional.of(name).filter(each -> !each.isEmpty()),
                Optional.of(client).filter(each -> !each.isEmpty()),
                reused,
                kind == Kind.NONE ? Optional.empty() : StackTraces.own(lines),
                target,
                Advice.meaning(kind),
                Advice.notThat(kind),
                Diagnoser.diagnose(Advice.evidence(kind, phase, reused)),
                Advice.questions(kind),
                Advice.fix(kind, phase, name, client),
                kind == Kind.NONE
                        ? Optional.empty()
                        : Reference.about(kind, name, lower).map(ReferenceEntry::key),
                Advice.next(kind, target),
                others(lines, kind));
    }

    /// Without terminal escapes and control characters, and not longer than what is read.
    private static String clean(String text) {
        String bounded =
                text.length() <= MOST_CHARS
                        ? text
                        : text.substring(0, MOST_CHARS / 2)
                                + "\n"
                                + text.substring(text.length() - MOST_CHARS / 2);
        String plain =
                bounded.indexOf('\u001b') < 0
                        ? bounded
                        : TERMINAL_ESCAPE.matcher(bounded).replaceAll("");
        StringBuilder clean = new StringBuilder(plain.length());
        for (int i = 0; i < plain.length(); i++) {
            char c = plain.charAt(i);
            if (!Character.isISOControl(c) || c == '\n' || c == '\t') {
                clean.append(c);
            }
        }
        return clean.toString();
    }

    private static Optional<Signatures.Signature> error(String lower) {
        boolean sure = CONNECTION_WORDS.stream().anyMatch(lower::contains);
        return ERRORS.all().stream()
                .filter(signature -> !(sure && signature.first().equals("none")))
                .filter(signature -> signature.matches(lower))
                .findFirst();
    }

    /// A terminal may have broken a line within an error, between two words or within one.
    private static String unwrapped(String lower) {
        return lower.indexOf('\n') < 0
                ? lower
                : lower.replace("\n", "") + "\n" + lower.replace('\n', ' ');
    }

    /// Where a stack trace shows that an open connection was lost: more certain than the words.
    private static Optional<Phase> phaseOfFrames(Kind kind, String lower) {
        return switch (kind) {
            case RESET, CLOSED_EARLY, BROKEN_PIPE, READ_TIMEOUT ->
                    FRAMES.first(lower).flatMap(frame -> phase(frame.first()));
            case REFUSED,
                    CONNECT_TIMEOUT,
                    UNREACHABLE,
                    ABORTED,
                    TLS_FAILURE,
                    STREAM_RESET,
                    NAME_RESOLUTION,
                    LOCAL_LIMIT,
                    PROTOCOL_VIOLATION,
                    OTHER,
                    NONE ->
                    Optional.empty();
        };
    }

    private static Optional<Phase> phase(String word) {
        return switch (word) {
            case "connect" -> Optional.of(Phase.CONNECT);
            case "TLS" -> Optional.of(Phase.TLS);
            case "send" -> Optional.of(Phase.SEND);
            case "wait" -> Optional.of(Phase.AWAIT);
            case "body" -> Optional.of(Phase.RECEIVE);
            case "idle" -> Optional.of(Phase.IDLE);
            default -> Optional.empty();
        };
    }

    private static Optional<String> target(String text) {
        Matcher matcher = HOST_AND_PORT.matcher(text);
        if (!matcher.find()) {
            return Optional.empty();
        }
        if (matcher.group(1) != null) {
            return Optional.of(matcher.group(1) + ":" + matcher.group(2));
        }
        if (matcher.group(3) != null) {
            return Optional.of(
                    matcher.group(3) + (matcher.group(4) == null ? "" : ":" + matcher.group(4)));
        }
        return Optional.of(matcher.group(5) + ":" + matcher.group(6));
    }

    /// The other kinds that single lines tell of.
    private static List<Kind> others(List<String> lines, Kind chosen) {
        List<Kind> others = new ArrayList<>();
        if (lines.size() > 1 && lines.size() <= 2000) {
            for (String line : lines) {
                Kind kind =
                        line.isBlank()
                                ? Kind.NONE
                                : error(line.toLowerCase(Locale.ROOT))
                                        .map(each -> Kind.of(each.first()))
                                        .orElse(Kind.NONE);
                if (kind != Kind.NONE
                        && kind != Kind.OTHER
                        && kind != chosen
                        && !others.contains(kind)) {
                    others.add(kind);
                }
            }
        }
        return others;
    }
}
