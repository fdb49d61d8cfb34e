internal import Glibc

/// Tells the time of day. Injected wherever an instant is written down, so that tests choose it.
public protocol WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z. May step backwards; deadlines use a monotonic clock instead.
    func nowMilliseconds() -> Int64
}

/// The time of day of this machine. Costs about 30 ns a reading.
public struct SystemWallClock: WallClock {
    /// The one clock there is.
    public init() {}

    /// Milliseconds since 1970-01-01T00:00:00Z, by the machine's real-time clock.
    public func nowMilliseconds() -> Int64 {
        var time = timespec()
        // The call can fail only for a bad clock id or pointer, and neither is possible here.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
