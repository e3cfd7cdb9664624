package dev.unreset.client;

import dev.unreset.Origin;
import dev.unreset.OriginProfile;
import java.io.IOException;
import java.util.function.UnaryOperator;

/// What a download needs of a session: exchanges, and the profile to learn into.
interface Exchanges {

    /// Sends `request` and waits for the head of its response.
    ///
    /// @throws dev.unreset.ConnectionFailure when no attempt brought a response
    Response send(Request request) throws IOException, InterruptedException;

    /// What is known of `origin`.
    OriginProfile profile(Origin origin);

    /// How many connections to `origin` may be open at once.
    int connectionLimit(Origin origin);

    /// Replaces the profile of `origin` by `change` of it.
    void learn(Origin origin, UnaryOperator<OriginProfile> change);
}
