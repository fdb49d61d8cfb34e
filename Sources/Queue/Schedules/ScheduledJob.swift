/// A schedule and the job that each of its ticks enqueues.
public struct ScheduledJob: Sendable, Hashable {
    public let schedule: CronSchedule
    public let queue: QueueName
    public let kind: String
    /// JSON, the same at every tick.
    public let arguments: [UInt8]
    public let policy: RetryPolicy
    public let lane: String
    /// With a unique key a tick whose predecessor's job is still pending is skipped, and the ledger says so.
    public let key: JobKey?
    /// With one, ticks' jobs run one after another, and after other jobs of the same.
    public let orderKey: String?
    public let timeLimitMilliseconds: Int64?
    /// Of the arguments.
    public let version: Int

    /// - Precondition: the schedule's name and `kind` are tokens (``Envelope/isToken(_:)``).
    public init(
        schedule: CronSchedule, queue: QueueName, kind: String, arguments: [UInt8] = Array("{}".utf8),
        policy: RetryPolicy, lane: String = "", key: JobKey? = nil, orderKey: String? = nil,
        timeLimitMilliseconds: Int64? = nil,
        version: Int = 1
    ) {
        precondition(Envelope.isToken(schedule.name), "a schedule's name is 1 to 200 printable characters")
        self.schedule = schedule
        self.queue = queue
        self.kind = kind
        self.arguments = arguments
        self.policy = policy
        self.lane = lane
        self.key = key
        self.orderKey = orderKey
        self.timeLimitMilliseconds = timeLimitMilliseconds
        self.version = version
    }

    /// What the ticks' times follow from. Redis keeps it with the last target, so that a release with another pattern is
    /// noticed.
    var times: String { "\(schedule.zone.identifier) \(schedule.pattern)" }

    /// The job of one tick.
    func job(id: JobID) -> NewJob {
        NewJob(
            id: id, kind: kind, arguments: arguments, policy: policy, lane: lane, key: key, orderKey: orderKey,
            timeLimitMilliseconds: timeLimitMilliseconds, version: version)
    }
}
