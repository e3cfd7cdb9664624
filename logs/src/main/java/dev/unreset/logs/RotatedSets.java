package dev.unreset.logs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Puts the files of a rotated log into the order in which they were written: `error.log.2.gz`,
/// `error.log.1`, `error.log`; or `app.log-20261121`, `app.log-20261122`, `app.log`.
final class RotatedSets {

    private static final Pattern NUMBERED = Pattern.compile("(.+)\\.(\\d{1,5})(?:\\.gz)?");
    private static final Pattern DATED = Pattern.compile("(.+)[.-](\\d{8,14})(?:\\.gz)?");

    private RotatedSets() {}

    /// A file of a set: `age` grows from the file that is written now, which has 0.
    private record Member(Path path, String set, long age) {}

    /// The sets in the order of their first files, each from its oldest file to its newest.
    static List<Path> inOrder(List<Path> paths) {
        Map<String, List<Member>> sets = new LinkedHashMap<>();
        for (Path path : paths) {
            Member member = member(path);
            sets.computeIfAbsent(member.set(), name -> new ArrayList<>()).add(member);
        }
        return sets.values().stream()
                .flatMap(members ->
                        members.stream()
                                .sorted(Comparator.comparingLong(Member::age).reversed())
                                .map(Member::path))
                .toList();
    }

    private static Member member(Path path) {
        String name = path.toString();
        Matcher dated = DATED.matcher(name);
        if (dated.matches()) {
            // The later the date, the younger the file; all are older than the one without.
            return new Member(path, dated.group(1), Long.MAX_VALUE - date(dated.group(2)));
        }
        Matcher numbered = NUMBERED.matcher(name);
        if (numbered.matches()) {
            return new Member(path, numbered.group(1), Long.parseLong(numbered.group(2)) + 1);
        }
        return new Member(path, name.replaceFirst("\\.gz$", ""), 0);
    }

    /// `20261122` and `20261122103000` on one scale.
    private static long date(String digits) {
        return Long.parseLong((digits + "000000").substring(0, 14));
    }
}
