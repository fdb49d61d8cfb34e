/// When a failed attempt is followed by another: m attempts in all, n milliseconds apart.
public struct RetryPolicy: Sendable, Hashable {
    /// Attempts in all, the first included.
    public var attempts: Int
    /// From the end of one attempt to the start of the next, in ms.
    public var delayMilliseconds: Int64

    /// - Parameters:
    ///   - attempts: 1 to ``Limits/maximumAttempts``; others are clamped.
    ///   - delayMilliseconds: 0 to ``Limits/maximumDelayMilliseconds``; others are clamped.
    public init(attempts: Int, delayMilliseconds: Int64) {
        self.attempts = min(max(attempts, 1), Limits.maximumAttempts)
        self.delayMilliseconds = min(max(delayMilliseconds, 0), Limits.maximumDelayMilliseconds)
    }

    /// The delay before the attempt that follows `attempt` (1 = the first); nil when that was the last.
    public func delayMilliseconds(after attempt: Int) -> Int64? {
        attempt < attempts ? delayMilliseconds : nil
    }

    /// As it stands in an envelope: `3x5000`.
    var token: String { "\(attempts)x\(delayMilliseconds)" }

    init?(token: Substring) {
        let parts = token.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let attempts = Int(parts[0]), let delay = Int64(parts[1]) else { return nil }
        self.init(attempts: attempts, delayMilliseconds: delay)
    }
}

extension RetryPolicy: LosslessStringConvertible {
    public init?(_ description: String) { self.init(token: Substring(description)) }

    public var description: String { token }
}
