/// What one job has of its own.
public struct JobOptions: Sendable, Hashable {
    /// The key whose work takes turns with other keys' (a tenant, a target); empty for none.
    public var lane: String
    /// What keeps this job from becoming many.
    public var key: JobKey?
    /// Jobs of one queue with the same one run one after another, in the order in which they were enqueued; nil for any
    /// order.
    public var orderKey: String?
    /// How long until it may run, in ms; 0 = at once. With a debounce key the key's times count instead.
    public var delayMilliseconds: Int64
    /// nil: as its definition says.
    public var retry: RetryPolicy?
    /// nil: as its definition says.
    public var timeLimitMilliseconds: Int64?

    /// - Parameters:
    ///   - lane: like a kind, 1 to 200 printable ASCII characters without spaces. Since it mostly comes from data, another
    ///     one is an error of the enqueue and no precondition; so are the keys' names.
    ///   - delayMilliseconds: 0 to ``Limits/maximumDelayMilliseconds``; more is an error, less is 0.
    public init(
        lane: String = "",
        key: JobKey? = nil,
        orderKey: String? = nil,
        delayMilliseconds: Int64 = 0,
        retry: RetryPolicy? = nil,
        timeLimitMilliseconds: Int64? = nil
    ) {
        self.lane = lane
        self.key = key
        self.orderKey = orderKey
        self.delayMilliseconds = delayMilliseconds
        self.retry = retry
        self.timeLimitMilliseconds = timeLimitMilliseconds
    }

    /// - Throws: ``QueueError/Code/invalidJob``, ``QueueError/Code/limitExceeded``.
    func check(_ kind: String) throws(QueueError) {
        let rule = "is not 1 to 200 printable ASCII characters without spaces"
        guard lane.isEmpty || Envelope.isToken(lane) else {
            throw QueueError(.invalidJob, "the lane '\(lane)' of '\(kind)' \(rule)")
        }
        if let key, !Envelope.isToken(key.name) {
            throw QueueError(.invalidJob, "the key '\(key.name)' of '\(kind)' \(rule)")
        }
        if let orderKey, !Envelope.isToken(orderKey) {
            throw QueueError(.invalidJob, "the order key '\(orderKey)' of '\(kind)' \(rule)")
        }
        guard delayMilliseconds <= Limits.maximumDelayMilliseconds else {
            let most = Limits.maximumDelayMilliseconds
            throw QueueError(.limitExceeded, "a delay of \(delayMilliseconds) ms; at most \(most)")
        }
        guard timeLimitMilliseconds ?? 1 >= 1 else {
            throw QueueError(.invalidJob, "the time limit of '\(kind)' is not at least 1 ms")
        }
    }
}
