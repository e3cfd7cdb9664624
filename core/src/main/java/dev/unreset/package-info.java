/// The words of Unreset as types: what a connection did, how it failed, and why.
///
/// Start at [ConnectionFailure], the exception that every module throws or explains. [WireFacts] is
/// what one attempt saw; [Evidence] is what a fact speaks for; the [Diagnoser] adds evidence up to
/// a [Diagnosis]; an [OriginProfile] keeps what was learned for the next session.
///
/// Values are immutable and safe to share between threads. Only [ProfileStore] does I/O.
@NullMarked
package dev.unreset;

import org.jspecify.annotations.NullMarked;
