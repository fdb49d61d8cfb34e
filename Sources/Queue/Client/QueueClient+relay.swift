// What an outbox needs of the engine. A relay reads a submission from a database, enqueues it here and notes that it did;
// between the last two it may die, so the same submission may come again. Three things keep that from doubling a job:
// the ids, which the engine looks up in the step that enqueues; the traces, which the jobs of an outbox always leave; and
// the fence, a number that grows with each batch of any relay, which stops one that was frozen and has been replaced.

import Redis

/// A submission on its way out of an outbox.
public struct RelayedSubmission: Sendable {
    public let submission: Submission
    public let queue: QueueName

    public init(submission: Submission, queue: QueueName) {
        self.submission = submission
        self.queue = queue
    }
}

/// What became of a ``RelayedSubmission``.
public enum RelayResult: Sendable {
    /// As for any submission.
    case submitted(SubmissionResult)
    /// Nothing was enqueued: Redis holds these of its jobs, or their traces.
    case known([JobID])
    /// Nothing was enqueued: a relay with this newer fence has been here.
    case fenced(Int64)
    /// Redis refused this one.
    case failed(QueueError)
}

extension QueueClient {
    /// Enqueues submissions in their order, each unless one of its jobs is known, in one round trip.
    ///
    /// - Parameter fence: larger than that of every earlier batch of any relay.
    /// - Throws: when there is no answer; then any of them may have been enqueued.
    public func relay(_ relayed: [RelayedSubmission], fence: Int64) async throws(QueueError) -> [RelayResult] {
        let replies: [RedisReply]
        do {
            replies = try await redis.run(
                relayed.map { enqueueCommand([.init(relayed: $0.submission)], $0.queue, fence: fence) })
        } catch {
            throw QueueError(error)
        }
        var results: [RelayResult] = []
        for (relayed, reply) in zip(relayed, replies) { results.append(result(reply, relayed.submission)) }
        return results
    }

    private func result(_ reply: RedisReply, _ submission: Submission) -> RelayResult {
        if let failure = reply.failure { return .failed(QueueError(failure)) }
        guard let first = reply.arrayValue?.first else { return .failed(Self.unexpectedReply) }
        if first.string == "fenced" { return .fenced(reply.arrayValue?.last?.integerValue ?? .max) }
        if first.arrayValue?.first?.string == "known" {
            return .known(strings(first).dropFirst().compactMap { JobID($0) })
        }
        do { return .submitted(try read(first, for: submission)) } catch { return .failed(error) }
    }

    /// Those of `ids` of which the queue holds neither the job nor its trace. At most a few thousand at a time.
    ///
    /// The jobs that it holds become tracked, so that their ends are told even if they came in another way first.
    public func unknown(of ids: [JobID], in queue: QueueName) async throws(QueueError) -> [JobID] {
        guard !ids.isEmpty else { return [] }
        var command = call(Scripts.track, Keys(namespace: namespace, queue: queue))
        for id in ids { command.append(id.bytes) }
        return strings(try await run(command)).compactMap { JobID($0) }
    }

    /// Names the life of Redis's data: another one after the data was lost, and after each start of the server, when some
    /// of it may have been. Two round trips the first time, then one.
    public func epoch() async throws(QueueError) -> String {
        let key = CommonKeys(namespace: namespace).epoch
        let look = [command("GET", key), command("INFO", "server")]
        var replies = try await run(look)
        if replies[0].isNull {
            _ = try await run(command("SET", key, String(UInt64.random(in: 0...(.max)), radix: 36), "NX"))
            replies = try await run(look)
        }
        let lines = (replies[1].string ?? "").split(whereSeparator: \.isNewline)
        guard let marker = replies[0].string, let run = lines.first(where: { $0.hasPrefix("run_id:") }) else {
            throw QueueError(.unexpectedReply, "Redis does not say which run it is in")
        }
        return marker + " " + run.dropFirst("run_id:".count)
    }
}
