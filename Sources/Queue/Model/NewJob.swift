/// A job to be enqueued.
public struct NewJob: Sendable, Hashable {
    public let id: JobID
    public var envelope: Envelope
    /// How long until it may run, in ms; 0 = at once.
    public var delayMilliseconds: Int64

    /// - Parameters:
    ///   - id: made by ``JobID/init(nowMilliseconds:)``.
    ///   - kind: what the job is, as registered at the workers.
    ///   - arguments: JSON, at most ``Limits/maximumArgumentsBytes``; the engine passes it on untouched.
    ///   - policy: when a failed attempt is followed by another.
    ///   - lane: the key whose work takes turns with other keys'; empty for none.
    ///   - delayMilliseconds: how long until it may run, by Redis's clock.
    public init(
        id: JobID,
        kind: String,
        arguments: [UInt8],
        policy: RetryPolicy,
        lane: String = "",
        delayMilliseconds: Int64 = 0
    ) {
        self.id = id
        self.envelope = Envelope(kind: kind, policy: policy, lane: lane, arguments: arguments)
        self.delayMilliseconds = min(max(delayMilliseconds, 0), Limits.maximumDelayMilliseconds)
    }
}
