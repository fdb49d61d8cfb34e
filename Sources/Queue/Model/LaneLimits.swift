/// How much of one lane may happen at a time. Judged by the claim itself, before a job is taken.
public struct LaneLimits: Sendable, Hashable {
    /// When a lane whose jobs fail is left alone for a while.
    public struct Breaker: Sendable, Hashable {
        /// Over how long failures are counted, in ms.
        public var windowMilliseconds: Int64
        /// Fewer results than this in a window say nothing.
        public var minimumResults: Int
        /// The share of failures at which it opens, in per cent.
        public var failurePercent: Int
        /// How long it stays open the first time, in ms; each time in a row twice as long.
        public var openMilliseconds: Int64
        /// The longest it stays open, in ms.
        public var longestOpenMilliseconds: Int64

        /// Others than positive numbers are made 1, and a share over 100 is made 100.
        public init(
            windowMilliseconds: Int64 = 30_000, minimumResults: Int = 10, failurePercent: Int = 80,
            openMilliseconds: Int64 = 5_000, longestOpenMilliseconds: Int64 = 300_000
        ) {
            self.windowMilliseconds = max(1, windowMilliseconds)
            self.minimumResults = max(1, minimumResults)
            self.failurePercent = min(max(1, failurePercent), 100)
            self.openMilliseconds = max(1, openMilliseconds)
            self.longestOpenMilliseconds = max(self.openMilliseconds, longestOpenMilliseconds)
        }
    }

    /// Jobs of the lane that may run at a time, over all workers; 0 = as many as there are slots.
    public var inFlight: Int
    /// Jobs of the lane that may start in a second, evenly spread; 0 = any number. From 0.001.
    public var perSecond: Double
    /// How many may start at once after a rest.
    public var burst: Int
    public var breaker: Breaker?

    public init(inFlight: Int = 0, perSecond: Double = 0, burst: Int = 1, breaker: Breaker? = nil) {
        self.inFlight = max(0, inFlight)
        self.perSecond = perSecond.isFinite && perSecond > 0 ? max(0.001, perSecond) : 0
        self.burst = max(1, burst)
        self.breaker = breaker
    }

    /// What a lane has of which nothing was said.
    public static let standard = LaneLimits(inFlight: Limits.standardLaneInFlight)
}

extension LaneLimits: LosslessStringConvertible {
    /// Eight numbers: in flight, microseconds between starts, burst, then the breaker's five or zeros.
    public var description: String {
        let microseconds = perSecond == 0 ? 0 : Int64((1_000_000 / perSecond).rounded())
        var fields = [Int64(inFlight), microseconds, Int64(burst)]
        if let breaker {
            fields += [
                breaker.windowMilliseconds, Int64(breaker.minimumResults), Int64(breaker.failurePercent),
                breaker.openMilliseconds, breaker.longestOpenMilliseconds,
            ]
        } else {
            fields += [0, 0, 0, 0, 0]
        }
        return fields.map(String.init).joined(separator: " ")
    }

    public init?(_ description: String) {
        let fields = description.split(separator: " ").compactMap { Int64($0) }
        guard fields.count == 8, fields.allSatisfy({ $0 >= 0 && $0 < 1 << 50 }) else { return nil }
        let breaker =
            fields[3] == 0
            ? nil
            : Breaker(
                windowMilliseconds: fields[3], minimumResults: Int(fields[4]), failurePercent: Int(fields[5]),
                openMilliseconds: fields[6], longestOpenMilliseconds: fields[7])
        self.init(
            inFlight: Int(fields[0]), perSecond: fields[1] == 0 ? 0 : 1_000_000 / Double(fields[1]),
            burst: Int(fields[2]), breaker: breaker)
    }
}
