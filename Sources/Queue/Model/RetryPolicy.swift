/// When a failed attempt is followed by another, and how long after.
///
/// As text, in an envelope's header: `3x5000` is three attempts, 5 s apart; `s60000,300000` is a listed schedule;
/// `e10:1000:60000` is exponential, ten attempts, from 1 s doubling up to 60 s. `~20` after any of them adds up to 20 % of
/// each delay.
public struct RetryPolicy: Sendable, Hashable {
    /// How the delays go.
    public enum Backoff: Sendable, Hashable {
        /// The same delay each time, in ms.
        case fixed(delayMilliseconds: Int64)
        /// One delay after each failed attempt but the last, in ms.
        case listed([Int64])
        /// Doubling from the first to the cap, in ms.
        case exponential(firstMilliseconds: Int64, capMilliseconds: Int64)
    }

    /// Attempts in all, the first included.
    public let attempts: Int
    public let backoff: Backoff
    /// Up to this share of a delay, in per cent, is added to it; never taken from it.
    public let jitterPercent: Int

    private init(attempts: Int, backoff: Backoff, jitterPercent: Int) {
        self.attempts = min(max(attempts, 1), Limits.maximumAttempts)
        self.backoff = backoff
        self.jitterPercent = min(max(jitterPercent, 0), 100)
    }

    /// m attempts in all, n apart.
    ///
    /// - Parameters:
    ///   - attempts: 1 to ``Limits/maximumAttempts``; others are clamped.
    ///   - delayMilliseconds: from the end of one attempt to the start of the next, 0 to
    ///     ``Limits/maximumDelayMilliseconds``; others are clamped.
    public init(attempts: Int, delayMilliseconds: Int64, jitterPercent: Int = 0) {
        self.init(
            attempts: attempts, backoff: .fixed(delayMilliseconds: Self.clamp(delayMilliseconds)),
            jitterPercent: jitterPercent)
    }

    /// A listed schedule: one attempt more than there are delays.
    ///
    /// - Parameter listedMilliseconds: at most ``Limits/maximumListedDelays``; the rest is left out.
    public init(listedMilliseconds: [Int64], jitterPercent: Int = 0) {
        let delays = listedMilliseconds.prefix(Limits.maximumListedDelays).map(Self.clamp)
        self.init(attempts: delays.count + 1, backoff: .listed(delays), jitterPercent: jitterPercent)
    }

    /// Exponential: the first delay, then double the last, never more than the cap.
    public init(attempts: Int, firstMilliseconds: Int64, capMilliseconds: Int64, jitterPercent: Int = 0) {
        let backoff = Backoff.exponential(
            firstMilliseconds: Self.clamp(firstMilliseconds), capMilliseconds: Self.clamp(capMilliseconds))
        self.init(attempts: attempts, backoff: backoff, jitterPercent: jitterPercent)
    }

    private static func clamp(_ milliseconds: Int64) -> Int64 {
        min(max(milliseconds, 0), Limits.maximumDelayMilliseconds)
    }

    /// The delay before the attempt that follows `attempt` (1 = the first), in ms; nil when that was the last.
    ///
    /// - Parameter id: jitter is drawn from it and the attempt's number, so that the same question has one answer.
    public func delayMilliseconds(after attempt: Int, of id: JobID) -> Int64? {
        guard attempt >= 1, let delay = plainDelayMilliseconds(after: attempt) else { return nil }
        guard jitterPercent > 0 else { return delay }
        let most = UInt64(delay) * UInt64(jitterPercent) / 100
        return delay + Int64(id.draw(UInt64(attempt)) % (most + 1))
    }

    /// The delay without its jitter; nil when `attempt` was the last.
    public func plainDelayMilliseconds(after attempt: Int) -> Int64? {
        guard attempt < attempts else { return nil }
        switch backoff {
        case .fixed(let delay):
            return delay
        case .listed(let delays):
            return delays[attempt - 1]
        case .exponential(let first, let cap):
            let doublings = attempt - 1
            guard doublings < 40, first <= cap >> Int64(doublings) else { return cap }
            return first << Int64(doublings)
        }
    }

    /// Whether the first version of the envelope can carry it.
    var isPlain: Bool {
        if case .fixed = backoff { return jitterPercent == 0 }
        return false
    }
}

extension RetryPolicy: LosslessStringConvertible {
    public var description: String {
        let base =
            switch backoff {
            case .fixed(let delay): "\(attempts)x\(delay)"
            case .listed(let delays): "s" + delays.map(String.init).joined(separator: ",")
            case .exponential(let first, let cap): "e\(attempts):\(first):\(cap)"
            }
        return jitterPercent == 0 ? base : "\(base)~\(jitterPercent)"
    }

    /// Reads what ``description`` writes; nil for anything else.
    public init?(_ description: String) {
        let halves = description.split(separator: "~", omittingEmptySubsequences: false)
        guard let base = halves.first, halves.count <= 2 else { return nil }
        guard let jitter = halves.count == 2 ? Int(halves[1]) : 0 else { return nil }
        let policy: RetryPolicy
        if base.first == "s" {
            let fields = base.dropFirst().split(separator: ",")
            let delays = fields.compactMap { Int64($0) }
            guard delays.count == fields.count else { return nil }
            policy = RetryPolicy(listedMilliseconds: delays, jitterPercent: jitter)
        } else if base.first == "e" {
            let numbers = base.dropFirst().split(separator: ":").compactMap { Int64($0) }
            guard numbers.count == 3, numbers[0] <= Limits.maximumAttempts else { return nil }
            policy = RetryPolicy(
                attempts: Int(numbers[0]), firstMilliseconds: numbers[1], capMilliseconds: numbers[2],
                jitterPercent: jitter)
        } else {
            let numbers = base.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int64($0) }
            guard numbers.count == 2, numbers[0] <= Limits.maximumAttempts else { return nil }
            policy = RetryPolicy(attempts: Int(numbers[0]), delayMilliseconds: numbers[1], jitterPercent: jitter)
        }
        guard policy.description == description else { return nil }
        self = policy
    }
}
