/// When a lost connection may be tried again: at once, then after 50 ms, doubling up to 2 s. A pure state machine.
struct ReconnectBackoff: Sendable, Equatable {
    static let firstPauseMilliseconds: Int64 = 50
    static let longestPauseMilliseconds: Int64 = 2_000

    /// Jitter lengthens a pause by at most one part in this many; it never shortens one.
    static let jitterPart: Int64 = 4

    private(set) var pauseMilliseconds: Int64 = 0
    private var openAtMilliseconds: Int64?

    /// How long an attempt must still wait; zero if it may be made now.
    func waitMilliseconds(at nowMilliseconds: Int64) -> Int64 {
        guard let openAtMilliseconds else { return 0 }
        return max(0, openAtMilliseconds - nowMilliseconds)
    }

    /// An attempt failed: the next one waits.
    ///
    /// - Parameter jitter: a random number in 0..<1.
    mutating func recordFailure(at nowMilliseconds: Int64, jitter: Double) {
        let next = pauseMilliseconds == 0 ? Self.firstPauseMilliseconds : pauseMilliseconds * 2
        pauseMilliseconds = min(next, Self.longestPauseMilliseconds)
        let extra = Int64(Double(pauseMilliseconds / Self.jitterPart) * min(max(jitter, 0), 1))
        openAtMilliseconds = nowMilliseconds + pauseMilliseconds + extra
    }

    /// An attempt succeeded: the next one, whenever it is needed, waits for nothing.
    mutating func recordSuccess() {
        self = ReconnectBackoff()
    }
}
