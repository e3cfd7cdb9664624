/// Logs of servers: what ended their connections.
///
/// Open [Logs] first. What is known of log lines is data: one file for each product in the
/// resources beside this package, each rule with its source and an example. All rules are looked
/// for in one pass over the bytes ([Automaton]); only lines that hit become objects. Not safe for
/// threads.
@NullMarked
package dev.unreset.logs;

import org.jspecify.annotations.NullMarked;
