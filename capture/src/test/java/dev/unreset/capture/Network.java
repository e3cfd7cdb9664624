package dev.unreset.capture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Three network namespaces: a client, a router and a server, each pair joined by a veth; what runs
/// in them is ended by [#close].
final class Network implements AutoCloseable {

    static final String CLIENT = "10.77.1.2";
    static final String SERVER = "10.77.2.2";

    /// The discard service.
    private static final int MARK_PORT = 9;

    private static final String MARK = "unreset-has-ended";

    private final String prefix = "unreset" + ProcessHandle.current().pid();
    private final List<Process> started = new ArrayList<>();

    Network() throws IOException, InterruptedException {
        for (String name : List.of("c", "r", "s")) {
            host("ip", "netns", "add", prefix + name);
        }
        join("c", "10.77.1.2/24", "10.77.1.1/24");
        join("s", "10.77.2.2/24", "10.77.2.1/24");
        in("c", "ip", "route", "add", "default", "via", "10.77.1.1");
        in("s", "ip", "route", "add", "default", "via", "10.77.2.1");
        in("r", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    }

    /// Whether this machine can make one: root, with namespaces.
    static boolean isPossible() {
        try {
            String name = "unreset-try" + ProcessHandle.current().pid();
            boolean made = new ProcessBuilder("ip", "netns", "add", name).start().waitFor() == 0;
            if (made) {
                new ProcessBuilder("ip", "netns", "del", name).start().waitFor();
            }
            return made;
        } catch (IOException | InterruptedException e) {
            // No `ip` command: no namespaces.
            return false;
        }
    }

    private void join(String name, String address, String routerAddress)
            throws IOException, InterruptedException {
        String near = "u" + name + "0";
        String far = "u" + name + "1";
        host(
                "ip",
                "link",
                "add",
                near,
                "netns",
                prefix + name,
                "type",
                "veth",
                "peer",
                "name",
                far,
                "netns",
                prefix + "r");
        in(name, "ip", "addr", "add", address, "dev", near);
        in(name, "ip", "link", "set", near, "up");
        in(name, "ip", "link", "set", "lo", "up");
        in("r", "ip", "addr", "add", routerAddress, "dev", far);
        in("r", "ip", "link", "set", far, "up");
    }

    private static void host(String... command) throws IOException, InterruptedException {
        finish(command);
    }

    /// Runs `command` in namespace `c`, `r` or `s` to its end.
    void in(String name, String... command) throws IOException, InterruptedException {
        finish(inside(name, command));
    }

    private static void finish(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
    }

    /// Starts `command` in a namespace.
    Process start(String name, String... command) throws IOException {
        Process process =
                new ProcessBuilder(inside(name, command))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        started.add(process);
        return process;
    }

    private String[] inside(String name, String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", prefix + name));
        all.addAll(Arrays.asList(command));
        return all.toArray(String[]::new);
    }

    /// Captures at the client until `work` is done.
    Path capture(Path file, Work work) throws Exception {
        Process tcpdump =
                start(
                        "c",
                        "tcpdump",
                        "-i",
                        "uc0",
                        "-U",
                        "--immediate-mode",
                        "-w",
                        file.toString(),
                        "tcp or udp port " + MARK_PORT);
        await("tcpdump has begun", () -> Files.exists(file) && Files.size(file) >= 24);
        work.run();
        // When tcpdump is ended, it drops what it has not read yet: a last packet shows that it
        // has.
        in("c", "bash", "-c", "printf " + MARK + " >/dev/udp/10.77.1.1/" + MARK_PORT);
        await("tcpdump has seen all", () -> contains(file, MARK));
        tcpdump.destroy();
        tcpdump.waitFor();
        return file;
    }

    private static boolean contains(Path file, String text) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text);
    }

    /// What is captured.
    interface Work {
        void run() throws Exception;
    }

    /// What is waited for.
    interface Condition {
        boolean holds() throws Exception;
    }

    static void await(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited 20 s: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /// Waits until something listens on the server's port.
    void awaitPort(int port) throws Exception {
        await(
                "port " + port,
                () -> {
                    Process probe =
                            new ProcessBuilder(
                                            inside(
                                                    "s",
                                                    "bash",
                                                    "-c",
                                                    "exec 3<>/dev/tcp/" + SERVER + "/" + port))
                                    .redirectErrorStream(true)
                                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                                    .start();
                    return probe.waitFor() == 0;
                });
    }

    /// Runs a Bash script at the client; `$S` is the server's address. Its failures are the case.
    void client(String script) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(inside("c", "bash", "-c", "S=" + SERVER + "\n" + script))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the client runs for 30 s: " + script);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        for (Process process : started.reversed()) {
            // The first process goes first: nginx's starts a worker in place of one that ended.
            List<ProcessHandle> others = process.descendants().toList();
            process.destroyForcibly();
            process.waitFor();
            others.forEach(ProcessHandle::destroyForcibly);
        }
        for (String name : List.of("c", "r", "s")) {
            host("ip", "netns", "del", prefix + name);
        }
    }
}
