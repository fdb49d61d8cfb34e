/// What a token may do. No scope contains another.
public enum AccessScope: String, CaseIterable, Sendable, Hashable {
    /// Post events.
    case events
    /// Enqueue, retry and cancel jobs.
    case jobs
    /// Look at everything.
    case read
    /// Change what is shared: pause, replay, endpoints, settings.
    case admin
}

/// Who sent a request.
public struct Identity: Sendable, Equatable {
    /// The name of the token.
    public let name: String
    /// What it may do.
    public let scopes: Set<AccessScope>
}
