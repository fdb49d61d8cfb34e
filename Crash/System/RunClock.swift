import Foundation

/// The time of one run: milliseconds since it began.
struct RunClock: Sendable {
    private let start = ContinuousClock.now
    private let wallStart = Int64(Date().timeIntervalSince1970 * 1_000)

    var now: Int64 { milliseconds(.now) }

    func milliseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (instant - start).components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    /// What a server on this machine called a time, in Unix milliseconds.
    func milliseconds(wall: Int64) -> Int64 { wall - wallStart }
}
