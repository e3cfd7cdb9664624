/// Error texts and stack traces of any runtime: what they mean, where they come from, what to do.
///
/// Open [Explainer] first. What is known of texts is data, in the resources beside this package: a
/// line for each signature, tried in order. Everything is immutable and safe for threads.
@NullMarked
package dev.unreset.explain;

import org.jspecify.annotations.NullMarked;
