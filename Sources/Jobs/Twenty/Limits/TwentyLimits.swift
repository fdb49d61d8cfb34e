/// How many calls a workspace's Twenty gets from all our processes together.
///
/// A bucket of a few calls that fills evenly. The bucket's size and what flows in during a minute are together the number
/// that no minute exceeds, whenever it begins.
public struct TwentyLimits: Sendable, Hashable {
    /// Calls in any minute: below the 100 that Twenty allows by default, for those of others and for what travels.
    public static let standard = TwentyLimits(perMinute: 90)

    /// Calls in any minute.
    public let perMinute: Int
    /// How many of them may come at once after a rest.
    public let burst: Int
    /// How long a call may be kept waiting for its turn, in ms; whoever would wait longer is sent away with a time.
    public let patienceMilliseconds: Int64

    /// - Parameters:
    ///   - perMinute: 2 to 100,000.
    ///   - burst: 1 to perMinute - 1; nil is a ninth of it.
    public init(perMinute: Int, burst: Int? = nil, patienceMilliseconds: Int64 = 10_000) {
        self.perMinute = min(max(perMinute, 2), 100_000)
        self.burst = min(max(burst ?? self.perMinute / 9, 1), self.perMinute - 1)
        self.patienceMilliseconds = min(max(patienceMilliseconds, 0), 60_000)
    }

    /// Between two calls that do not come from the rest, in microseconds, rounded up.
    var intervalMicroseconds: Int64 {
        let flowing = Int64(perMinute - burst)
        return (60_000_000 + flowing - 1) / flowing
    }

    /// How far the calls may be ahead of their even spacing, in microseconds.
    var leadMicroseconds: Int64 { Int64(burst - 1) * intervalMicroseconds }
}
