// The one way in for whoever accepts jobs from outside. Redis first; the outbox when it is asked for, and when Redis is
// away, hangs or refuses. A call that Redis did not answer may have been carried out, now or later: the same ids and
// receipts then go into the outbox, and the engine finds them by either (see docs/decisions/0004-durability.md).

public import Logging
public import Queue

/// Accepts jobs and says how safe they are.
public final class DurableQueue: Sendable {
    /// What became of a submission, and how safe its jobs were at that moment.
    public struct Outcome: Sendable, Hashable {
        public let result: SubmissionResult
        /// At least what was asked for: ``Durability/outbox`` where Redis could not be used.
        public let durability: Durability
    }

    private let queue: QueueClient
    private let fsynced: FsyncedQueue
    private let outbox: OutboxStore
    private let breaker: RedisBreaker

    /// - Parameters:
    ///   - queue: over a connection whose time-outs are what a caller may wait for a Redis that hangs.
    ///   - fsynced: over another connection.
    ///   - outbox: over a pool whose time-outs are what a caller may wait for a Postgres that hangs.
    ///   - logger: told when Redis goes and when it comes back.
    public init(
        queue: QueueClient, fsynced: FsyncedQueue, outbox: OutboxStore,
        clock: any MonotonicClock = SystemMonotonicClock(), logger: Logger
    ) {
        self.queue = queue
        self.fsynced = fsynced
        self.outbox = outbox
        breaker = RedisBreaker(
            clock: clock,
            onChange: { isAway in
                if isAway {
                    logger.warning("redis is away: jobs go to the outbox")
                } else {
                    logger.info("redis is back: jobs go to it again")
                }
            },
            isBack: {
                do throws(QueueError) {
                    try await queue.ping()
                    return true
                } catch {
                    return false
                }
            })
    }

    /// Accepts a submission unless its receipts say that this was done before.
    ///
    /// One round trip to Redis; while Redis is known to be away, straight to Postgres.
    /// - Parameter durability: the least that the caller wants.
    /// - Throws: ``QueueError/Code/unavailable`` when nothing that gives this durability can be reached,
    ///   ``QueueError/Code/limitExceeded``, and with ``Durability/fsynced`` what ``FsyncedQueue`` throws besides.
    public func submit(
        _ submission: Submission, to name: QueueName, durability: Durability = .queued
    ) async throws(QueueError) -> Outcome {
        try queue.check(submission)
        guard durability != .outbox, !breaker.isOpen else { return try await insert(submission, name) }
        let refusal: QueueError
        do throws(QueueError) {
            // Guarded: should the answer be lost, the same jobs will come again by way of the outbox.
            let result =
                durability == .fsynced
                ? try await fsynced.submit(submission, to: name, isGuarded: true)
                : try await queue.submit(submission, to: name, isGuarded: true)
            return Outcome(result: result, durability: durability)
        } catch {
            guard Self.leadsToOutbox(error) else { throw error }
            if error.code == .unavailable { breaker.open() }
            refusal = error
        }
        do throws(QueueError) {
            return try await insert(submission, name)
        } catch {
            throw QueueError(.unavailable, "\(refusal.message); and \(error.message)")
        }
    }

    /// Accepts jobs that have no receipts: all of them or none.
    ///
    /// - Returns: per job, which job does the work, and how safe they are.
    /// - Throws: as ``submit(_:to:durability:)``, and ``QueueError/Code/queueFull``.
    public func enqueue(
        _ jobs: [NewJob], to name: QueueName, durability: Durability = .queued
    ) async throws(QueueError) -> (jobs: [SubmissionResult.Item], durability: Durability) {
        let outcome = try await submit(Submission(groups: [.init(jobs: jobs)]), to: name, durability: durability)
        switch outcome.result {
        case .accepted(let groups): return (groups.flatMap(\.jobs), outcome.durability)
        case .full(let waiting): throw QueueError(.queueFull, "\(waiting) jobs wait in the queue \(name)")
        case .conflict: throw QueueError(.unexpectedReply, "a conflict without a receipt")
        }
    }

    /// Whether Redis could give `fsynced`; nil while it cannot be asked.
    public func proof() async -> FsyncedQueue.Proof? {
        do throws(QueueError) { return try await fsynced.proof() } catch { return nil }
    }

    /// Ends the look-out for Redis. Later submissions find out for themselves.
    public func shutDown() { breaker.shutDown() }

    private func insert(_ submission: Submission, _ name: QueueName) async throws(QueueError) -> Outcome {
        do throws(JobsError) {
            return Outcome(result: try await outbox.insert(submission, to: name), durability: .outbox)
        } catch {
            throw QueueError(.unavailable, "the outbox cannot be written: \(error)")
        }
    }

    /// What the caller did wrong, what was not proven, and what nobody waits for any more, is answered as it is.
    private static func leadsToOutbox(_ error: QueueError) -> Bool {
        guard !error.isCancelled else { return false }
        return error.code == .unavailable || error.code == .unexpectedReply
    }
}
