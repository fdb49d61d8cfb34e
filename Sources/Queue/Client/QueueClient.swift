// The producer's and the operator's side of the engine. It holds no state but its connection: any number of processes
// may have one. Every call is one round trip to Redis unless its comment says otherwise.

public import Redis

/// Puts jobs into queues, and looks at and repairs what is there.
public final class QueueClient: Sendable {
    let redis: RedisClient
    let namespace: String
    let scriptTimeMilliseconds: Int64
    private let maximumQueueLength: Int

    /// - Parameters:
    ///   - redis: the connection; the caller shuts it down.
    ///   - namespace: what every key begins with.
    ///   - scriptTimeMilliseconds: the time that scripts take for now; 0, as in production, is Redis's own clock.
    ///   - maximumQueueLength: jobs that may wait in a queue before submissions are refused; 0 = any number.
    public init(
        redis: RedisClient, namespace: String = "aj", scriptTimeMilliseconds: Int64 = 0,
        maximumQueueLength: Int = Limits.maximumQueueLength
    ) {
        self.redis = redis
        self.namespace = namespace
        self.scriptTimeMilliseconds = scriptTimeMilliseconds
        self.maximumQueueLength = maximumQueueLength
    }

    /// Enqueues jobs: all of them or none. Not idempotent: after ``QueueError/Code/unavailable`` the jobs may be there,
    /// so a caller that repeats uses receipts, ``submit(_:to:)``.
    ///
    /// - Returns: per job, which job does the work: itself, or the one that holds its key.
    /// - Throws: ``QueueError/Code/queueFull`` when as many jobs wait as may, and nothing was enqueued.
    @discardableResult
    public func enqueue(_ jobs: [NewJob], to queue: QueueName) async throws(QueueError) -> [SubmissionResult.Item] {
        switch try await submit(Submission(groups: [.init(jobs: jobs)]), to: queue) {
        case .accepted(let groups): return groups.flatMap(\.jobs)
        case .full(let waiting): throw QueueError(.queueFull, "\(waiting) jobs wait in the queue \(queue)")
        case .conflict: throw Self.unexpectedReply
        }
    }

    /// Enqueues a submission unless its receipts say that this was done before.
    public func submit(_ submission: Submission, to queue: QueueName) async throws(QueueError) -> SubmissionResult {
        let jobCount = submission.groups.reduce(0) { $0 + $1.jobs.count }
        guard jobCount <= Limits.maximumJobsPerEnqueue else {
            throw QueueError(.limitExceeded, "\(jobCount) jobs; at most \(Limits.maximumJobsPerEnqueue) at a time")
        }
        for job in submission.groups.lazy.flatMap(\.jobs) {
            guard job.envelope.arguments.count <= Limits.maximumArgumentsBytes else {
                throw QueueError(.limitExceeded, "arguments over \(Limits.maximumArgumentsBytes) bytes")
            }
        }
        let reply = try await run(enqueueCommand(submission, queue))
        return try read(reply, for: submission)
    }

    private func enqueueCommand(_ submission: Submission, _ queue: QueueName) -> RedisCommand {
        let keys = Keys(namespace: namespace, queue: queue)
        var names = keys.all
        if let receipt = submission.receipt { names.append(keys.receipt(receipt.key)) }
        for case let receipt? in submission.groups.map(\.receipt) { names.append(keys.receipt(receipt.key)) }

        var command = RedisCommand(script: Scripts.enqueue, keys: names)
        command.append(scriptTimeMilliseconds)
        command.append(Limits.receiptLifetimeMilliseconds)
        command.append(maximumQueueLength)
        command.append(submission.receipt?.digest ?? "")
        command.append(submission.groups.count)
        for group in submission.groups {
            command.append(group.receipt?.digest ?? "")
            command.append(group.jobs.count)
            for job in group.jobs { command.append(job) }
        }
        return command
    }

    private func read(_ reply: RedisReply, for submission: Submission) throws(QueueError) -> SubmissionResult {
        guard let parts = reply.arrayValue, let verdict = parts.first?.string else { throw Self.unexpectedReply }
        if verdict == "conflict" {
            guard let number = parts.last?.integerValue else { throw Self.unexpectedReply }
            return .conflict(group: number == 0 ? nil : Int(number) - 1)
        }
        if verdict == "full" {
            guard let waiting = parts.last?.integerValue else { throw Self.unexpectedReply }
            return .full(waiting: Int(waiting))
        }
        guard parts.count == submission.groups.count + 1 else { throw Self.unexpectedReply }
        var groups: [SubmissionResult.Group] = []
        for (group, part) in zip(submission.groups, parts.dropFirst()) {
            guard let line = part.string else { throw Self.unexpectedReply }
            groups.append(Self.readGroup(line, of: group))
        }
        return .accepted(groups)
    }

    private static func readGroup(_ line: String, of group: Submission.Group) -> SubmissionResult.Group {
        switch line.first {
        case "=":
            let ids = line.dropFirst().split(separator: " ").compactMap { JobID(String($0)) }
            return .init(ids: ids, isDuplicate: true)
        case "*":
            let items = line.dropFirst().split(separator: " ").compactMap { word in
                JobID(String(word.dropFirst())).map { SubmissionResult.Item(id: $0, isDuplicate: word.first == "-") }
            }
            return .init(jobs: items, isDuplicate: false)
        default:
            return .init(ids: group.jobs.map(\.id), isDuplicate: false)
        }
    }

    // MARK: - Shared by the extensions

    func run(_ command: RedisCommand) async throws(QueueError) -> RedisReply {
        do { return try await redis.run(command) } catch { throw QueueError(error) }
    }

    /// A call of a script that takes ``Keys/all``, with the time as its first argument.
    func call(_ script: RedisScript, _ keys: Keys) -> RedisCommand {
        var command = RedisCommand(script: script, keys: keys.all)
        command.append(scriptTimeMilliseconds)
        return command
    }

    func run(_ commands: [RedisCommand]) async throws(QueueError) -> [RedisReply] {
        let replies: [RedisReply]
        do { replies = try await redis.run(commands) } catch { throw QueueError(error) }
        for case .failure(let failure) in replies {
            throw QueueError(.unexpectedReply, "\(failure.code) \(failure.message)")
        }
        return replies
    }

    static let unexpectedReply = QueueError(.unexpectedReply, "a script answered in an unknown form")
}

extension RedisCommand {
    mutating func append(_ id: JobID) {
        let bytes = id.inlineBytes
        append(bytes.span)
    }

    /// A job as the scripts expect it: id, delay, lane, key, envelope.
    mutating func append(_ job: NewJob) {
        append(job.id)
        append(job.delayMilliseconds)
        append(job.envelope.lane)
        append(job.key?.token ?? "")
        append(job.envelope.bytes)
    }
}
