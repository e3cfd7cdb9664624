/// The web page of Unreset: a box to paste an error into, one to drop a capture into, and the
/// reference; and the reference as a static site.
///
/// Open [Console] (the server, on loopback only) or [Site] (the files). Both fill the same
/// templates, which escape whatever they are given. Requests are handled on virtual threads.
@NullMarked
package dev.unreset.console;

import org.jspecify.annotations.NullMarked;
