internal import Basics
internal import Threads

/// The time of one peer, which a test can move on.
public final class PeerClock: Sendable {
    private let offset = Locked<Int64>(0)

    /// A clock that shows the machine's time.
    public init() {}

    /// Milliseconds since 1970.
    public var now: Int64 { SystemWallClock().nowMilliseconds() + offset.withLock { $0 } }

    /// The instant as text.
    var text: String { Timestamp(milliseconds: now).iso8601 }

    /// Moves the time on.
    public func advance(milliseconds: Int64) { offset.withLock { $0 += milliseconds } }
}
