package dev.unreset.capture;

import dev.unreset.Evidence;
import dev.unreset.Place;
import java.util.List;

/// Facts that packets show, with their places.
///
/// @param files the names of the captures
record Facts(List<String> files) {

    /// A fact that `packet` shows, and that does not yet speak for anything.
    Evidence of(Packet packet, String what) {
        return Evidence.of(what, place(packet));
    }

    Place place(Packet packet) {
        return place(packet, packet.number());
    }

    /// The packet `number` of the file in which `other` is.
    Place place(Packet other, long number) {
        return new Place.Packet(files.get(other.file()), number);
    }
}
