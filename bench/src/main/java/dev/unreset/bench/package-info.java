/// Benchmarks: Unreset and its peers do the same work, in one run, one after the other.
///
/// [Bench] is the table of cases; each prints the medians of its runs and their ratio.
@NullMarked
package dev.unreset.bench;

import org.jspecify.annotations.NullMarked;
