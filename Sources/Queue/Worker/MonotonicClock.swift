/// A clock for intervals: never set back, unrelated to the time of day.
public protocol MonotonicClock: Sendable {
    /// Milliseconds since some fixed moment.
    var nowMilliseconds: Int64 { get }

    /// Waits. - Throws: `CancellationError` when the task is cancelled.
    func sleep(milliseconds: Int64) async throws
}

/// The machine's monotonic clock.
public struct SystemMonotonicClock: MonotonicClock {
    private let start = ContinuousClock.now

    public init() {}

    public var nowMilliseconds: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    public func sleep(milliseconds: Int64) async throws {
        try await ContinuousClock().sleep(for: .milliseconds(milliseconds))
    }
}
