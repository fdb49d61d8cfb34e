/// What a ``PostgresListener`` hears.
public enum PostgresNotification: Sendable, Equatable {
    /// A `NOTIFY` on one of the channels.
    case message(channel: String, payload: String)
    /// The listener is, from now on, connected and listening: the first time and after every break. Whoever reads its
    /// tables again at this element misses nothing.
    case reconnected
}
