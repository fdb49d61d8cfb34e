// The producer's and the operator's side of the engine. It holds no state but its connection and who waits for it: any
// number of processes may have one. Every call is one round trip to Redis unless its comment says otherwise.

public import Redis

/// Puts jobs into queues, and looks at and repairs what is there.
public final class QueueClient: Sendable {
    let redis: RedisClient
    let namespace: String
    private let maximumQueueLength: Int
    private let surroundings: Surroundings
    private let line = SubmissionLine()

    /// What a simulation puts in the place of the world.
    struct Surroundings: Sendable {
        /// The time that scripts take for now; 0 is Redis's own clock.
        var scriptTimeMilliseconds: @Sendable () -> Int64 = { 0 }
        var makeID: @Sendable () -> JobID = { JobID(nowMilliseconds: TimeOfDay.nowMilliseconds()) }
    }

    /// - Parameters:
    ///   - redis: the connection; the caller shuts it down.
    ///   - namespace: what every key begins with.
    ///   - scriptTimeMilliseconds: the time that scripts take for now; 0, as in production, is Redis's own clock.
    ///   - maximumQueueLength: jobs that may wait in a queue before submissions are refused; 0 = any number.
    public convenience init(
        redis: RedisClient, namespace: String = "aj", scriptTimeMilliseconds: Int64 = 0,
        maximumQueueLength: Int = Limits.maximumQueueLength
    ) {
        var surroundings = Surroundings()
        if scriptTimeMilliseconds != 0 { surroundings.scriptTimeMilliseconds = { scriptTimeMilliseconds } }
        self.init(
            redis: redis, namespace: namespace, maximumQueueLength: maximumQueueLength, surroundings: surroundings)
    }

    init(redis: RedisClient, namespace: String, maximumQueueLength: Int, surroundings: Surroundings) {
        self.redis = redis
        self.namespace = namespace
        self.maximumQueueLength = maximumQueueLength
        self.surroundings = surroundings
    }

    /// A client with a connection of its own, which is made at the first call.
    ///
    /// - Parameter url: `redis://[user][:password]@host[:port][/database]` or `unix:///path/to.sock[?db=database]`.
    /// - Throws: ``QueueError/Code/invalidAddress``, with what is allowed; the text shows nothing of the URL.
    public convenience init(
        url: String, namespace: String = "aj", maximumQueueLength: Int = Limits.maximumQueueLength
    ) throws(QueueError) {
        let configuration = try RedisConfiguration(address: url)
        self.init(
            redis: RedisClient(configuration: configuration, name: "queue"), namespace: namespace,
            maximumQueueLength: maximumQueueLength)
    }

    /// Closes the connection; calls under way fail. For a client that was made with a URL.
    public func shutdown() async { await redis.shutdown() }

    /// The time that scripts take for now; 0 is Redis's own clock.
    var scriptTimeMilliseconds: Int64 { surroundings.scriptTimeMilliseconds() }

    /// The id of a new job.
    public func makeID() -> JobID { surroundings.makeID() }

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
    ///
    /// One round trip, shared with the small submissions of other callers that come while one is under way: see
    /// ``SubmissionLine``.
    /// - Parameter isGuarded: also not when one of its ids is known, for a submission that may be sent twice, here and by
    ///   a relay: see ``relay(_:fence:)``. Costs little per job without a receipt, and nothing with receipts.
    public func submit(
        _ submission: Submission, to queue: QueueName, isGuarded: Bool = false
    ) async throws(QueueError) -> SubmissionResult {
        try check(submission)
        let passenger = SubmissionLine.Passenger(submission, isGuarded: isGuarded)
        return try await line.board(passenger, to: queue) { [self] passengers in await carry(passengers, to: queue) }
            .get()
    }

    /// One call of the script: a result for each.
    private func carry(
        _ passengers: [SubmissionLine.Passenger], to queue: QueueName
    ) async -> [Result<SubmissionResult, QueueError>] {
        let submissions = passengers.map(\.submission)
        do throws(QueueError) {
            let reply = try await run(enqueueCommand(passengers, queue))
            return try read(reply, for: submissions)
        } catch {
            return passengers.map { _ in .failure(error) }
        }
    }

    /// Refuses a submission that is beyond ``Limits``, as ``submit(_:to:isGuarded:)`` does before it asks Redis.
    public func check(_ submission: Submission) throws(QueueError) {
        var jobCount = 0
        for group in submission.groups {
            jobCount += group.jobs.count
            for job in group.jobs where job.envelope.arguments.count > Limits.maximumArgumentsBytes {
                throw QueueError(.limitExceeded, "arguments over \(Limits.maximumArgumentsBytes) bytes")
            }
        }
        guard jobCount <= Limits.maximumJobsPerEnqueue else {
            throw QueueError(.limitExceeded, "\(jobCount) jobs; at most \(Limits.maximumJobsPerEnqueue) at a time")
        }
    }

    /// - Parameter fence: of a relay; nil for everybody else.
    func enqueueCommand(
        _ passengers: [SubmissionLine.Passenger], _ queue: QueueName, fence: Int64? = nil
    ) -> RedisCommand {
        let keys = Keys(namespace: namespace, queue: queue)
        var names = keys.all
        var bytes = 64
        for passenger in passengers {
            let submission = passenger.submission
            if let receipt = submission.receipt { names.append(keys.receipt(receipt.key)) }
            for case let receipt? in submission.groups.map(\.receipt) { names.append(keys.receipt(receipt.key)) }
            bytes += 64 + passenger.byteCount
        }

        var command = RedisCommand(script: Scripts.enqueue, keys: names, reserving: bytes)
        command.append(scriptTimeMilliseconds)
        command.append(Limits.receiptLifetimeMilliseconds)
        command.append(maximumQueueLength)
        command.append(fence.map(String.init) ?? "")
        command.append(passengers.count)
        for passenger in passengers {
            command.append(passenger.submission.receipt?.digest ?? "")
            command.append(passenger.isGuarded ? "1" : "")
            command.append(passenger.submission.groups.count)
            for group in passenger.submission.groups {
                command.append(group.receipt?.digest ?? "")
                command.append(group.jobs.count)
                for job in group.jobs { command.append(job) }
            }
        }
        return command
    }

    /// - Throws: ``QueueError/Code/unexpectedReply`` when there are not as many answers as submissions.
    func read(
        _ reply: RedisReply, for submissions: [Submission]
    ) throws(QueueError) -> [Result<SubmissionResult, QueueError>] {
        guard let parts = reply.arrayValue, parts.count == submissions.count else { throw Self.unexpectedReply }
        return zip(parts, submissions).map { part, submission in
            do throws(QueueError) {
                return .success(try read(part, for: submission))
            } catch {
                return .failure(error)
            }
        }
    }

    /// The script's answer to one submission.
    func read(_ reply: RedisReply, for submission: Submission) throws(QueueError) -> SubmissionResult {
        guard let parts = reply.arrayValue, let verdict = parts.first?.string else { throw Self.unexpectedReply }
        // Its own call was carried out before, and only the answer was lost.
        if verdict == "known" {
            return .accepted(submission.groups.map { .init(ids: $0.jobs.map(\.id), isDuplicate: false) })
        }
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
        append(job.keyToken)
        append(job.envelope.bytes)
    }
}
