package dev.unreset.cli;

import java.util.concurrent.CompletableFuture;

/// What Ctrl-C does to a command that has something to say at its end: it is told to stop, and the
/// process ends when it has, with its own status.
///
/// A process ends once, so this is its only state that is global.
final class Interrupt implements AutoCloseable {

    private static final CompletableFuture<Integer> STATUS = new CompletableFuture<>();

    private final Thread hook;

    private Interrupt(Runnable stop) {
        hook =
                Thread.ofPlatform()
                        .unstarted(() -> {
                            if (!STATUS.isDone()) {
                                stop.run();
                                Runtime.getRuntime().halt(STATUS.join());
                            }
                        });
    }

    /// Until it is closed, an interrupt calls `stop`: the command is to return soon.
    static Interrupt stops(Runnable stop) {
        Interrupt interrupt = new Interrupt(stop);
        Runtime.getRuntime().addShutdownHook(interrupt.hook);
        return interrupt;
    }

    /// Ends the process: its command has said everything.
    static void exit(int status) {
        STATUS.complete(status);
        System.out.flush();
        System.err.flush();
        // Not exit: that looks for a logger to tell first, in all jars, and nothing is left to do.
        Runtime.getRuntime().halt(status);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It is running: this is the interrupt.
        }
    }
}
