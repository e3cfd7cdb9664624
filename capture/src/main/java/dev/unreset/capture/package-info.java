/// Packet captures: who reset each connection, and why.
///
/// Open [Capture] first. Data runs one way: a file's cursor, the decoder, the flow table, a
/// connection's story, [Attribution] (who), [CauseFinder] (why), the report. The first three are
/// hot and make no object for a packet; only connections that ended badly become objects.
///
/// Threads: [PacketReader] reads with two, in an order that [Relay] keeps; each [Follower] is used
/// by one of them, and whatever both use is not changed any more. What comes after the reading is
/// done by two as well ([SideBySide]), whichever is free: a follower or a connection is used by one
/// at a time. Nothing else here is safe for threads, and nothing keeps global state.
///
/// The rules and their sources: docs/how-resets-are-attributed.md.
@NullMarked
package dev.unreset.capture;

import org.jspecify.annotations.NullMarked;
