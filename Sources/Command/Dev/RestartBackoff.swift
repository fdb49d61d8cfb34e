/// How long to wait before a child that ended is started again: 0.1 s, doubled up to 5 s, and 0.1 s again once it has
/// run for 10 s.
package struct RestartBackoff: Hashable, Sendable {
    private static let firstMilliseconds: Int64 = 100
    private static let longestMilliseconds: Int64 = 5_000
    private static let healthyMilliseconds: Int64 = 10_000

    private var nextMilliseconds = firstMilliseconds

    package init() {}

    /// The pause after a run of `ranMilliseconds`, 0 for one that did not get off the ground.
    package mutating func pauseMilliseconds(ranMilliseconds: Int64) -> Int64 {
        if ranMilliseconds >= Self.healthyMilliseconds { nextMilliseconds = Self.firstMilliseconds }
        defer { nextMilliseconds = min(nextMilliseconds * 2, Self.longestMilliseconds) }
        return nextMilliseconds
    }
}
