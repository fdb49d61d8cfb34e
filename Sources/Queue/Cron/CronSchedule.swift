/// A named cron pattern in a time zone, with the rule for ticks that were missed.
///
/// A value that decides and does nothing: the caller keeps the last tick, holds the clock, and enqueues. A tick is named
/// by its time, the moment that the pattern says; each is planned once: a plan holds only ticks after the last one, and
/// none after now.
public struct CronSchedule: Sendable, Hashable {
    /// What becomes of missed ticks: those that are later than ``graceMilliseconds`` when they come to be planned.
    public enum Misfire: Sendable, Hashable {
        /// None of them fires.
        case skip
        /// One firing stands for all of them: a tick that is due now and not late, else the latest that was missed.
        case once
        /// The latest of them fire, so many at most; at least 0 and at most ``maximumCatchUp``.
        case catchUp(Int)
    }

    /// What to do now.
    public struct Plan: Sendable, Hashable {
        /// Ticks to fire, Unix ms, ascending; some thousand at most.
        public let fires: [Int64]
        /// Ticks that are passed over; one entry stands for all that the same rule passes over.
        public let skips: [Skip]
        /// The new last tick, for the next plan; never before the one given.
        public let lastMilliseconds: Int64
    }

    /// A row of the schedule's ticks that do not fire.
    public struct Skip: Sendable, Hashable {
        /// Why ticks do not fire.
        public enum Reason: String, Sendable, Hashable {
            /// They were missed, and the schedule makes up for none.
            case missed
            /// They were missed, and a later firing stands for them.
            case merged
            /// They were missed, and are more than the schedule catches up.
            case beyondLimit = "beyond limit"
        }

        /// The first of them, Unix ms.
        public let firstMilliseconds: Int64
        /// The last of them, Unix ms.
        public let lastMilliseconds: Int64
        /// How many there are, with the first and the last.
        public let count: Int
        public let reason: Reason
    }

    /// A tick that comes to be planned later than this after its time was missed.
    public static let graceMilliseconds: Int64 = 60_000
    /// Most missed ticks that one plan fires.
    public static let maximumCatchUp = 1_000

    public let name: String
    public let pattern: CronPattern
    public let zone: TimeZoneRules
    public let misfire: Misfire

    /// - Parameter name: unique among the schedules of a system; the ledger and the commands use it.
    public init(name: String, pattern: CronPattern, zone: TimeZoneRules = .utc, misfire: Misfire = .once) {
        self.name = name
        self.pattern = pattern
        self.zone = zone
        self.misfire = misfire
    }

    /// The first tick after a moment, both Unix ms; nil when there is none before the year 10000.
    public func next(after milliseconds: Int64) -> Int64? { pattern.next(after: milliseconds, in: zone) }

    /// The next `count` ticks after a moment, Unix ms.
    public func next(_ count: Int, after milliseconds: Int64) -> [Int64] {
        pattern.next(count, after: milliseconds, in: zone)
    }

    /// What to fire and what to pass over.
    ///
    /// Costs some microseconds when nothing was missed, and less than a millisecond a century otherwise: missed ticks are
    /// counted by months, not one by one.
    ///
    /// - Parameters:
    ///   - lastMilliseconds: the last tick that a plan ended with; nil for a schedule that is seen for the first time,
    ///     which begins now and has missed nothing.
    ///   - nowMilliseconds: the time now. Before the last tick (a clock that was set back) nothing fires.
    public func plan(lastMilliseconds: Int64?, nowMilliseconds now: Int64) -> Plan {
        guard let last = lastMilliseconds else { return Plan(fires: [], skips: [], lastMilliseconds: now) }
        let (limit, isOverflow) = now.subtractingReportingOverflow(Self.graceMilliseconds + 1)
        let lastMissable = isOverflow ? Int64.min : limit
        var fires: [Int64] = []
        var reached = max(last, lastMissable)
        while let tick = next(after: reached), tick <= now {
            fires.append(tick)
            reached = tick
        }
        guard lastMissable > last, let first = next(after: last), first <= lastMissable else {
            return Plan(fires: fires, skips: [], lastMilliseconds: fires.last ?? last)
        }
        let count = pattern.count(after: last, through: lastMissable, in: zone)
        let made = min(count, madeUp(hasOnTime: !fires.isEmpty))
        // The latest that are made up, and the one before them, which is the last to be passed over.
        let latest = pattern.last(min(count, made + 1), after: last, through: lastMissable, in: zone)
        var skips: [Skip] = []
        if count > made, let end = latest.first {
            skips = [Skip(firstMilliseconds: first, lastMilliseconds: end, count: count - made, reason: reason)]
        }
        let all = Array(latest.suffix(made)) + fires
        return Plan(fires: all, skips: skips, lastMilliseconds: all.last ?? latest.last ?? last)
    }

    /// How many missed ticks may fire.
    private func madeUp(hasOnTime: Bool) -> Int {
        switch misfire {
        case .skip: 0
        case .once: hasOnTime ? 0 : 1
        case .catchUp(let limit): max(0, min(limit, Self.maximumCatchUp))
        }
    }

    private var reason: Skip.Reason {
        switch misfire {
        case .skip: .missed
        case .once: .merged
        case .catchUp: .beyondLimit
        }
    }
}
