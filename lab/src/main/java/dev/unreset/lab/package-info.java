/// Servers and proxies that reset real connections on purpose, and say why they did.
///
/// Open [LabServer] first; [Rules] is what it can do wrong. Plain sockets on virtual threads: a
/// thread for each connection reads straight down. A reset is `SO_LINGER` 0 and close, which sends
/// a bare RST.
@NullMarked
package dev.unreset.lab;

import org.jspecify.annotations.NullMarked;
