/// A job to be enqueued.
public struct NewJob: Sendable, Hashable {
    public let id: JobID
    public var envelope: Envelope
    /// How long until it may run, in ms; 0 = at once. With a debounce key the key's times count instead.
    public var delayMilliseconds: Int64
    /// What keeps this job from becoming many; nil for nothing.
    public let key: JobKey?
    /// What it stands for, such as an event's id: a job that takes the place of others stands for them too, see
    /// ``QueueClient/labels(of:in:)``. A token like a kind; without a key of a debounce it counts for nothing.
    public let label: String?

    /// - Parameters:
    ///   - id: made by ``JobID/init(nowMilliseconds:)``.
    ///   - kind: what the job is, as registered at the workers; see ``Envelope/isToken(_:)``.
    ///   - arguments: JSON, at most ``Limits/maximumArgumentsBytes``; the engine passes it on untouched.
    ///   - policy: when a failed attempt is followed by another.
    ///   - lane: the key whose work takes turns with other keys'; empty for none.
    ///   - delayMilliseconds: how long until it may run, by Redis's clock.
    ///   - key: unique or debounced; its name is a token like a kind.
    ///   - label: what it stands for.
    ///   - orderKey: jobs of one queue with the same one run one after another, in the order in which they were enqueued:
    ///     the next becomes ready only when the one before has ended. A token like a kind; nil for any order.
    ///   - timeLimitMilliseconds: how long one run may last; nil: as the handler says.
    ///   - version: of the arguments; a worker that knows only older ones leaves the job to another.
    ///   - isTracked: whether its end leaves a trace whatever its kind says, and one that is never dropped.
    public init(
        id: JobID,
        kind: String,
        arguments: [UInt8],
        policy: RetryPolicy,
        lane: String = "",
        delayMilliseconds: Int64 = 0,
        key: JobKey? = nil,
        label: String? = nil,
        orderKey: String? = nil,
        timeLimitMilliseconds: Int64? = nil,
        version: Int = 1,
        isTracked: Bool = false
    ) {
        self.id = id
        precondition(
            label.map(Envelope.isToken) ?? true, "a label is 1 to 200 printable ASCII characters without spaces")
        self.key = key
        self.label = label
        var options = Envelope.Options()
        switch key {
        case .unique(let name, _): options.uniqueKey = name
        case .debounce(let name, _, _): options.debounceKey = name
        case .ending, nil: break
        }
        options.timeLimitMilliseconds = timeLimitMilliseconds
        options.argumentsVersion = version
        options.isTracked = isTracked
        options.orderKey = orderKey
        envelope = Envelope(kind: kind, policy: policy, lane: lane, options: options, arguments: arguments)
        self.delayMilliseconds = min(max(delayMilliseconds, 0), Limits.maximumDelayMilliseconds)
    }

    /// What the scripts have to do but put it in, as `enqueue.lua` takes it. A job without keys is not looked into.
    var keyToken: String {
        let token = key?.token(label: label) ?? ""
        guard envelope.options.orderKey != nil else { return token }
        return token.isEmpty ? "o" : "o " + token
    }
}
