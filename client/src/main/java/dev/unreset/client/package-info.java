/// A session that keeps exchanges alive through connection resets, and downloads that stand on it.
///
/// Open [Session] first. One way down: session, exchange, pace, pool, wire. What happened comes
/// back as wire facts; the delivery ladder says if an attempt may be repeated.
///
/// `Session` is safe for any number of threads. `send` and the response body block, and are meant
/// for virtual threads. Policies (retry, budget, idle limit, pace) decide and never act.
@NullMarked
package dev.unreset.client;

import org.jspecify.annotations.NullMarked;
