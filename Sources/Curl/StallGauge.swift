// A stopped process, a paused machine or a starved thread lets every time limit pass that runs meanwhile: on its return
// libcurl looks at the clock before it looks at the socket, in which the answer may have been for long. That says
// nothing of the target.

/// How long the client's thread was kept from its transfers. Pure.
struct StallGauge {
    /// How often the thread comes round while it has transfers, in ms.
    static let tickMilliseconds: Int64 = 100
    /// What it may be late without being said to have stalled, in ms.
    static let toleranceMilliseconds: Int64 = 150

    /// All stalls so far, in ms.
    private(set) var totalMilliseconds: Int64 = 0
    private var lastTurnMilliseconds: Int64?

    /// The thread comes round.
    ///
    /// - Parameter isWatched: whether it meant to be back within a tick, which it does while it has transfers.
    mutating func turn(nowMilliseconds now: Int64, isWatched: Bool) {
        if isWatched, let last = lastTurnMilliseconds {
            let late = now - last - Self.tickMilliseconds
            if late > Self.toleranceMilliseconds { totalMilliseconds += late }
        }
        lastTurnMilliseconds = now
    }

    /// Whether a transfer whose time limit passed did not have that time.
    ///
    /// - Parameters:
    ///   - stalled: of its time, in ms.
    ///   - total: from its start to the end, in ms.
    ///   - limit: what it was to have, in ms.
    static func isToBlame(stalledMilliseconds stalled: Int64, totalMilliseconds total: Int64, limit: Int64) -> Bool {
        stalled > 0 && total - stalled < limit
    }
}
