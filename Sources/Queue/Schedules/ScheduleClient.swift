// What operators and the ticker see and do of schedules. Their state is in Redis, under the tag of the queue that their
// jobs go to; what they are is in the program. One round trip a call unless its comment says otherwise.

import Redis

/// How one schedule stands.
public struct ScheduleStatus: Sendable, Hashable {
    public let scheduled: ScheduledJob
    /// The last tick that was fired or passed over, Unix ms; nil when no ticker has seen the schedule yet.
    public let lastMilliseconds: Int64?
    /// Since when it is paused, Unix ms; nil when it is not.
    public let pausedSinceMilliseconds: Int64?
    /// The last line of its ledger; nil when there is none yet.
    public let lastTick: ScheduleTick?
    /// By Redis's clock, Unix ms.
    public let nowMilliseconds: Int64
    /// What the last target's time followed from; nil when no ticker has seen the schedule yet.
    let times: String?

    /// When it fires next, Unix ms; nil when it never will, or is paused.
    public var nextMilliseconds: Int64? {
        guard pausedSinceMilliseconds == nil else { return nil }
        return scheduled.schedule.next(after: lastMilliseconds ?? nowMilliseconds)
    }
}

/// Looks at schedules, and runs, pauses and resumes them.
public struct ScheduleClient: Sendable {
    private let client: QueueClient

    public init(_ client: QueueClient) { self.client = client }

    /// How the schedules stand, in the order given.
    public func status(of schedules: [ScheduledJob]) async throws(QueueError) -> [ScheduleStatus] {
        let looks = schedules.map { scheduled in
            let name = scheduled.schedule.name
            return client.command(
                "HMGET", keys(scheduled.queue).schedules, name, pausedField(name), name + " times", name + " tick")
        }
        let replies = try await client.run([RedisCommand("TIME")] + looks)
        let now = try client.nowMilliseconds(replies[0])
        return zip(schedules, replies.dropFirst()).map { scheduled, reply in
            let values = (reply.arrayValue ?? []).map(\.string)
            return ScheduleStatus(
                scheduled: scheduled,
                lastMilliseconds: (values[safely: 0] ?? nil).flatMap { Int64($0) },
                pausedSinceMilliseconds: (values[safely: 1] ?? nil).flatMap { Int64($0) },
                lastTick: (values[safely: 3] ?? nil).flatMap { Self.tick($0, of: scheduled.queue) },
                nowMilliseconds: now,
                times: values[safely: 2] ?? nil)
        }
    }

    private static func tick(_ text: String, of queue: QueueName) -> ScheduleTick? {
        guard let end = text.firstIndex(of: "\n") else { return nil }
        return ScheduleTick(
            queue: queue, field: String(text[..<end]), line: String(text[text.index(after: end)...]))
    }

    /// Enqueues the schedule's job now, whether it is paused or not.
    ///
    /// - Returns: the job that does the work: with a unique key it may be one that is pending already.
    public func run(_ scheduled: ScheduledJob) async throws(QueueError) -> JobID {
        var command = call(Scripts.tickNow, scheduled.queue)
        command.append(scheduled.schedule.name)
        let job = scheduled.job(id: client.makeID())
        command.append(job.id)
        command.append(job.envelope.lane)
        command.append(job.keyToken)
        command.append(job.envelope.bytes)
        guard let id = try await client.run(command).string.flatMap({ JobID($0) }) else {
            throw QueueClient.unexpectedReply
        }
        return id
    }

    /// Ticks are passed over from now on, and the ledger says so. Two round trips.
    public func pause(_ scheduled: ScheduledJob) async throws(QueueError) {
        let now = try await now()
        let field = pausedField(scheduled.schedule.name)
        _ = try await client.run(client.command("HSETNX", keys(scheduled.queue).schedules, field, "\(now)"))
    }

    /// Ticks fire again from now on; those that were passed over do not.
    public func resume(_ scheduled: ScheduledJob) async throws(QueueError) {
        let field = pausedField(scheduled.schedule.name)
        _ = try await client.run(client.command("HDEL", keys(scheduled.queue).schedules, field))
    }

    /// Ticks of one queue's schedules that nobody has recorded yet, at most about `count`; in no order.
    public func waitingTicks(of queue: QueueName, count: Int) async throws(QueueError) -> [ScheduleTick] {
        let reply = try await client.run(
            client.command("HRANDFIELD", keys(queue).ticks, "\(count)", "WITHVALUES"))
        let values = client.strings(reply)
        return stride(from: 0, to: values.count - 1, by: 2).compactMap {
            ScheduleTick(queue: queue, field: values[$0], line: values[$0 + 1])
        }
    }

    /// Drops ticks that the history has now.
    public func forget(_ ticks: [ScheduleTick], of queue: QueueName) async throws(QueueError) {
        guard !ticks.isEmpty else { return }
        var command = RedisCommand("HDEL")
        command.append(keys(queue).ticks)
        for tick in ticks { command.append(tick.field) }
        _ = try await client.run(command)
    }

    /// What became of an attempt to move a schedule.
    enum Move: Sendable, Hashable {
        /// Per planned fire, its job; nil when it did not fire.
        case moved([JobID?])
        /// Somebody else has moved it, to this target.
        case behind(lastMilliseconds: Int64?)
    }

    /// Carries a plan out, if the schedule still stands where it was made for.
    func move(
        _ scheduled: ScheduledJob, _ plan: CronSchedule.Plan, from lastMilliseconds: Int64?
    ) async throws(QueueError) -> Move {
        var command = call(Scripts.tick, scheduled.queue)
        command.append(scheduled.schedule.name)
        command.append(lastMilliseconds.map(String.init) ?? "")
        command.append(plan.lastMilliseconds)
        command.append(scheduled.times)
        command.append(plan.skips.count)
        for skip in plan.skips {
            command.append(skip.firstMilliseconds)
            command.append(skip.lastMilliseconds)
            command.append(skip.count)
            command.append(skip.reason.rawValue)
        }
        command.append(plan.fires.count)
        for target in plan.fires {
            let job = scheduled.job(id: client.makeID())
            command.append(target)
            command.append(job.id)
            command.append(job.envelope.lane)
            command.append(job.keyToken)
            command.append(job.envelope.bytes)
        }
        let reply = try await client.run(command).arrayValue ?? []
        switch reply.first?.string {
        case "moved": return .moved(reply.dropFirst().map { $0.string.flatMap { JobID($0) } })
        case "behind": return .behind(lastMilliseconds: reply.last?.string.flatMap { Int64($0) })
        default: throw QueueClient.unexpectedReply
        }
    }

    /// Redis's clock, or the time that the client's scripts take for now. One round trip.
    func now() async throws(QueueError) -> Int64 {
        try client.nowMilliseconds(try await client.run(RedisCommand("TIME")))
    }

    private func keys(_ queue: QueueName) -> Keys { Keys(namespace: client.namespace, queue: queue) }

    private func pausedField(_ name: String) -> String { name + " paused" }

    private func call(_ script: RedisScript, _ queue: QueueName) -> RedisCommand {
        let keys = keys(queue)
        var command = RedisCommand(script: script, keys: keys.all + [keys.schedules, keys.ticks])
        command.append(client.scriptTimeMilliseconds)
        return command
    }
}

extension QueueClient {
    /// Reads a reply to `TIME`, unless this client's scripts have a time of their own.
    fileprivate func nowMilliseconds(_ reply: RedisReply) throws(QueueError) -> Int64 {
        guard scriptTimeMilliseconds == 0 else { return scriptTimeMilliseconds }
        let parts = strings(reply).compactMap { Int64($0) }
        guard parts.count == 2 else { throw Self.unexpectedReply }
        return parts[0] * 1_000 + parts[1] / 1_000
    }
}
