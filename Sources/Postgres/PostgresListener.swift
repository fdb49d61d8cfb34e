// Listening has a connection and a thread of its own, for as long as someone iterates: the thread waits in poll(2) for
// the next notification, without a limit, and is woken by a cancel or by `shutdown`. Nothing is read ahead, so a slow
// reader leaves notifications with the server.

/// Hears what is sent with `NOTIFY`, and connects again by itself.
public final class PostgresListener: Sendable {
    private let session: ListenerSession

    /// Makes no connection yet.
    ///
    /// - Parameters:
    ///   - configuration: where the database is.
    ///   - channels: what to listen to, each of 1 to 63 bytes, taken exactly as written.
    ///   - onFailure: receives each failure to connect or to stay connected, on the listener's thread: must return at
    ///     once.
    public init(
        configuration: PostgresConfiguration,
        channels: [String],
        onFailure: @escaping @Sendable (PostgresError) -> Void = { _ in },
    ) {
        let areNames = channels.allSatisfy { (1...63).contains($0.utf8.count) && !$0.utf8.contains(0) }
        precondition(!channels.isEmpty && areNames, "a channel's name has 1 to 63 bytes and no NUL")
        session = ListenerSession(configuration, channels: channels, onFailure: onFailure)
    }

    /// The notifications from the first `next()` on; that first one yields
    /// ``PostgresNotification/reconnected`` once listening is in force, and so does every new connection. Ends when
    /// the task is cancelled or the listener shut down. Several iterations share the notifications between them.
    public func notifications() -> some AsyncSequence<PostgresNotification, Never> & Sendable {
        Notifications(session: session)
    }

    /// Ends the iterations and closes the connection.
    public func shutdown() async { await session.shutdown() }

    private struct Notifications: AsyncSequence, Sendable {
        let session: ListenerSession

        struct Iterator: AsyncIteratorProtocol {
            let session: ListenerSession

            mutating func next() async -> PostgresNotification? { await session.next() }

            mutating func next(isolation actor: isolated (any Actor)?) async -> PostgresNotification? {
                await session.next()
            }
        }

        func makeAsyncIterator() -> Iterator { Iterator(session: session) }
    }
}
