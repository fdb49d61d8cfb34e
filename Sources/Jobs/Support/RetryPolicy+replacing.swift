import Queue

extension RetryPolicy {
    /// The policy with another number of attempts, another delay, or both. A delay makes it the same each time; a list is
    /// cut, or goes on with its last delay.
    func replacing(attempts: Int?, delayMilliseconds: Int64?) -> RetryPolicy {
        let attempts = attempts ?? self.attempts
        if let delayMilliseconds {
            return RetryPolicy(
                attempts: attempts, delayMilliseconds: delayMilliseconds, jitterPercent: jitterPercent)
        }
        switch backoff {
        case .fixed(let delay):
            return RetryPolicy(attempts: attempts, delayMilliseconds: delay, jitterPercent: jitterPercent)
        case .exponential(let first, let cap):
            return RetryPolicy(
                attempts: attempts, firstMilliseconds: first, capMilliseconds: cap, jitterPercent: jitterPercent)
        case .listed(let delays):
            let last = delays.last ?? 0
            guard attempts <= Limits.maximumListedDelays + 1 else {
                return RetryPolicy(attempts: attempts, delayMilliseconds: last, jitterPercent: jitterPercent)
            }
            let more = Array(repeating: last, count: max(0, attempts - 1 - delays.count))
            return RetryPolicy(
                listedMilliseconds: delays.prefix(attempts - 1) + more, jitterPercent: jitterPercent)
        }
    }
}
