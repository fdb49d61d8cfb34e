public import Queue

/// A job as the outbox shows it to people.
public struct OutboxJob: Sendable, Hashable {
    public let id: String
    public let queue: String
    public let kind: String
    public let lane: String
    /// nil when this release cannot read the row's policy.
    public let policy: RetryPolicy?
    public let createdAtMilliseconds: Int64
    /// When it may run; nil: at once.
    public let runAtMilliseconds: Int64?
    /// Whether Redis was given it, as far as is known here.
    public let isRelayed: Bool
    public let isEnded: Bool
    /// The job that runs in its place.
    public let carriedBy: String?
}
