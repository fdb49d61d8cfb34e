// `POST /v1/jobs` and `aventora jobs enqueue`: one job that a person or another program asks for by its kind.

public import Basics
public import Queue

/// One job that somebody asks for, checked.
public struct JobRequest: Sendable {
    /// What it is.
    public let kind: KindDescription
    /// The very bytes that were posted.
    public let arguments: [UInt8]
    /// Where it goes.
    public let queue: QueueName
    /// Whose work it is; empty for nobody's.
    public let lane: String
    /// When a failed attempt is followed by another.
    public let policy: RetryPolicy
    /// How long until it may run, in ms; 0 is at once.
    public let delayMilliseconds: Int64
    /// Makes it one with others of its kind.
    public let key: JobKey?
    /// Makes it wait for those before it with the same one; nil for any order.
    public let orderKey: String?
    /// How long one run may take, in ms; nil is what its kind says.
    public let timeLimitMilliseconds: Int64?

    /// Reads a request's body.
    ///
    /// - Parameters:
    ///   - queues: that there are.
    ///   - nowMilliseconds: the wall clock, for `run_at`.
    /// - Throws: malformed (400) or invalid (422) with every problem at once.
    public static func decode(
        _ bytes: [UInt8], catalogue: KindCatalogue, queues: [QueueName] = JobQueue.all, nowMilliseconds: Int64
    ) throws(InputError) -> JobRequest {
        let limits = JSONLimits(bytes: max(bytes.count, 1))
        do {
            let value = try JSONParser.parse(bytes, limits: limits)
            guard let object = value.object else {
                let detail = "A job is a JSON object, not \(value.kindName)."
                throw InputError(problems: [.init(pointer: "", detail: detail)])
            }
            let arguments = try JSONParser.slice(of: Self.argumentsKey, in: bytes, limits: limits)
            return try JobRequest(
                JobRequestReader(object, arguments: arguments ?? [], catalogue, queues, nowMilliseconds))
        } catch let error as JSONError {
            throw InputError(error)
        } catch let error as InputError {
            throw error
        } catch {
            throw InputError(kind: .malformed, message: "The body could not be read.")
        }
    }

    static let argumentsKey = "args"

    private init(_ reader: JobRequestReader) throws(InputError) {
        var reader = reader
        let kind = reader.kind()
        let queue = reader.queue() ?? kind?.queue
        let lane = reader.lane()
        let arguments = reader.arguments(of: kind)
        let delayMilliseconds = reader.delay()
        let policy = reader.policy(of: kind)
        key = reader.key()
        orderKey = reader.orderKey()
        timeLimitMilliseconds = reader.timeLimit()
        reader.finish()
        guard let kind, let queue, let arguments, reader.problems.isEmpty else {
            throw InputError(problems: reader.problems)
        }
        self.kind = kind
        self.queue = queue
        self.lane = lane ?? kind.lane(of: arguments.object)
        self.arguments = arguments.bytes
        self.delayMilliseconds = delayMilliseconds ?? 0
        self.policy = policy ?? kind.retry
    }

    /// The job as the engine takes it.
    public func newJob(nowMilliseconds: Int64) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: kind.name, arguments: arguments, policy: policy,
            lane: lane, delayMilliseconds: delayMilliseconds, key: key, orderKey: orderKey,
            timeLimitMilliseconds: timeLimitMilliseconds)
    }
}
