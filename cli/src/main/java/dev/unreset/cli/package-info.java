/// The command line: each command reads its options, calls one module, and prints what came.
///
/// Results go to standard output, progress and messages to standard error. Exit status: 0 done, 1
/// the work failed, 2 wrong usage, 130 interrupted.
@NullMarked
package dev.unreset.cli;

import org.jspecify.annotations.NullMarked;
