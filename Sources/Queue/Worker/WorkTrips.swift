import Redis

/// The claim loop's conversation with Redis: one pipelined call of `work.lua` per queue.
struct WorkTrips: Sendable {
    let redis: RedisClient
    let keys: [Keys]
    let queues: [QueueName]
    let worker: String
    /// The time that scripts take for now; 0, as in production, is Redis's own clock.
    var scriptTimeMilliseconds: Int64 = 0
    var maximumDead = Limits.maximumDead

    /// What one queue gave.
    struct Haul: Sendable {
        var answer: WorkPlanner.Answer
        var jobs: [ClaimedJob] = []
        /// Claims whose envelope this release cannot read; put back as they are, for one that can.
        var unreadable: [Settlement] = []
        var stale: Set<JobID> = []
        /// Jobs of this worker whose cancelling was asked for.
        var cancels: [JobID] = []
    }

    /// Carries the settlements and claims; the answers come in the order of `calls`.
    func make(_ calls: [WorkPlanner.Call], settlements: [[Settlement]]) async throws(QueueError) -> [Haul] {
        let commands = zip(calls, settlements).map { call, settlements in command(call, settlements) }
        let replies: [RedisReply]
        do { replies = try await redis.run(commands) } catch { throw QueueError(error) }
        var hauls: [Haul] = []
        for reply in replies { hauls.append(try read(reply)) }
        return hauls
    }

    /// Gives a wake-up that this worker cannot use to another.
    func ring(queue: Int) async throws(QueueError) {
        var command = RedisCommand("RPUSH")
        command.append(keys[queue].doorbell)
        command.append("1")
        do { _ = try await redis.run(command) } catch { throw QueueError(error) }
    }

    /// Gives back what this worker holds without knowing it, after a trip whose answer was lost.
    func reconcile(queue: Int, known: some Collection<JobID>) async throws(QueueError) -> Int {
        var command = call(Scripts.reconcile, keys[queue])
        for id in known { command.append(id) }
        do { return Int(try await redis.run(command).integerValue ?? 0) } catch { throw QueueError(error) }
    }

    /// Those of the claims that are this worker's no more: it was silent for so long that they were given back.
    func lost(
        queue: Int, of claims: [(id: JobID, fence: Int64)]
    ) async throws(QueueError) -> [JobID] {
        guard !claims.isEmpty else { return [] }
        var command = RedisCommand("HMGET")
        command.append(keys[queue].claims(of: worker))
        for claim in claims { command.append(claim.id) }
        let values: [RedisReply]
        do { values = try await redis.run(command).arrayValue ?? [] } catch { throw QueueError(error) }
        guard values.count == claims.count else { throw QueueClient.unexpectedReply }
        // A claim's value is its fence, or its fence, a space and its lane.
        return zip(claims, values).compactMap { claim, value in
            value.string?.split(separator: " ").first.flatMap { Int64($0) } == claim.fence ? nil : claim.id
        }
    }

    private func call(_ script: RedisScript, _ keys: Keys) -> RedisCommand {
        var command = RedisCommand(script: script, keys: keys.all + [keys.claims(of: worker)])
        command.append(scriptTimeMilliseconds)
        return command
    }

    private func command(_ call: WorkPlanner.Call, _ settlements: [Settlement]) -> RedisCommand {
        var command = self.call(Scripts.work, keys[call.queue])
        command.append(worker)
        command.append(call.want)
        command.append(Limits.promotedPerClaim)
        command.append(maximumDead)
        command.append(Limits.maximumDeadAgeMilliseconds)
        command.append(settlements)
        return command
    }

    private func read(_ reply: RedisReply) throws(QueueError) -> Haul {
        if case .failure(let failure) = reply {
            throw QueueError(.unavailable, "\(failure.code) \(failure.message)")
        }
        guard let parts = reply.arrayValue, parts.count >= 5, let firstFence = parts[0].integerValue,
            let untilDue = parts[1].integerValue, let left = parts[2].integerValue,
            let staleCount = parts[3].integerValue.map(Int.init),
            let cancelCount = parts[4].integerValue.map(Int.init), parts.count >= 5 + staleCount + cancelCount
        else { throw QueueError(.unexpectedReply, "the work script answered in an unknown form") }

        let stale = parts[5..<(5 + staleCount)].compactMap { $0.string.flatMap { JobID($0) } }
        let cancels = parts[(5 + staleCount)..<(5 + staleCount + cancelCount)]
        let claims = parts[(5 + staleCount + cancelCount)...]
        var haul = Haul(
            answer: .init(
                claimed: claims.count / 2, untilDueMilliseconds: untilDue < 0 ? nil : untilDue, left: Int(left)),
            stale: Set(stale),
            cancels: cancels.compactMap { $0.string.flatMap { JobID($0) } })
        haul.jobs.reserveCapacity(claims.count / 2)
        var index = claims.startIndex
        while index + 1 < claims.endIndex {
            if case .bytes(let name) = claims[index], case .bytes(let bytes) = claims[index + 1],
                let id = JobID(bytes: name)
            {
                if let envelope = Envelope(bytes: bytes) {
                    haul.jobs.append(ClaimedJob(id: id, fence: firstFence, envelope: envelope))
                } else {
                    haul.unreadable.append(Self.park(id, firstFence, bytes))
                }
            }
            index += 2
        }
        return haul
    }

    /// Put back as it is: what its fields mean is not known here.
    private static func park(_ id: JobID, _ fence: Int64, _ bytes: [UInt8]) -> Settlement {
        let header = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let requeue = Settlement.Requeue(
            header: header, delayMilliseconds: Settlement.unknownKindPauseMilliseconds,
            error: Settlement.parkedMark + "this release cannot read the job's envelope", counter: "parked")
        return Settlement(id: id, fence: fence, change: .requeue(requeue))
    }
}
