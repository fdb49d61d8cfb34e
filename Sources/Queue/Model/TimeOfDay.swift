import Glibc

/// The machine's clock, for the ages that ids tell. What is due when is decided by Redis's.
enum TimeOfDay {
    /// Unix ms.
    static func nowMilliseconds() -> Int64 {
        var time = timespec()
        // It fails for a bad clock or pointer only.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
