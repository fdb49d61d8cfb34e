public import Queue

/// Retry policies of the jobs that talk to nobody outside.
public enum JobPolicy {
    /// Work on our own database: a failure there that is no outage will hardly mend itself.
    public static let internalWork = RetryPolicy(attempts: 5, delayMilliseconds: 2_000)
}
