// What `AttemptBatcher` decides is done here, by tasks of its own: a handler only waits for its row, and its cancellation
// does not take the row along. The state lies under one lock, held for microseconds; continuations are resumed outside it.

public import Logging
public import Queue
import Threads

/// The attempt log as a worker writes it: rows of many handlers together, before their jobs are acked.
///
/// A row is in Postgres, or else in Redis, when ``record(_:)`` returns. Postgres gets 200 ms; when it is slower or away the
/// rows wait in Redis, bounded, and `AttemptRecorder` moves them. While Redis does not answer either, they stay in this
/// process, bounded, and only its death loses them.
public final class AttemptLog: Sendable {
    private struct State {
        var batcher: AttemptBatcher
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
        var writing: [UInt64: Task<Void, Never>] = [:]
        var timers: [UInt64: Task<Void, Never>] = [:]
    }

    private let state: Locked<State>
    private let toPostgres: @Sendable ([DeliveryAttempt]) async throws(JobsError) -> Void
    private let toRedis: @Sendable ([LogEntry]) async throws(QueueError) -> Int
    private let worker: String
    private let clock: any MonotonicClock
    private let patienceMilliseconds: Int64
    private let logger: Logger

    /// How often ``close()`` looks whether all is written, and how often at most: 3 s in all.
    private static let closingPauseMilliseconds: Int64 = 20
    private static let closingLooks = 150

    /// - Parameters:
    ///   - store: over a pool of its own, so that rows never wait behind other work; two connections are enough.
    ///   - queue: where rows wait while Postgres is away, under the keys of `name`.
    ///   - worker: who makes the attempts.
    public convenience init(
        store: DeliveryStore, queue: QueueClient, name: QueueName = JobQueue.webhooks, worker: String,
        clock: any MonotonicClock = SystemMonotonicClock(), logger: Logger
    ) {
        self.init(
            worker: worker, clock: clock, logger: logger,
            write: { rows throws(JobsError) in try await store.record(rows) },
            leave: { entries throws(QueueError) in try await queue.log(entries, of: name) })
    }

    init(
        worker: String, clock: any MonotonicClock, limits: AttemptBatcher.Limits = AttemptBatcher.Limits(),
        logger: Logger, write: @escaping @Sendable ([DeliveryAttempt]) async throws(JobsError) -> Void,
        leave: @escaping @Sendable ([LogEntry]) async throws(QueueError) -> Int
    ) {
        state = Locked(State(batcher: AttemptBatcher(limits: limits)))
        toPostgres = write
        toRedis = leave
        self.worker = worker
        self.clock = clock
        patienceMilliseconds = limits.patienceMilliseconds
        self.logger = logger
    }

    /// Writes a row down and returns when it is safe, some milliseconds later; never fails, and is not ended by a cancel.
    public func record(_ attempt: DeliveryAttempt) async {
        var attempt = attempt
        attempt.worker = worker
        let now = clock.nowMilliseconds
        await withCheckedContinuation { continuation in
            let actions = state.withLock { [attempt] state in
                state.lastWaiter += 1
                state.waiters[state.lastWaiter] = continuation
                return state.batcher.add(attempt, waiter: state.lastWaiter, at: now)
            }
            perform(actions)
        }
    }

    /// The same without waiting: for a row that nothing hangs on. ``close()`` writes it at the latest.
    public func note(_ attempt: DeliveryAttempt) {
        var attempt = attempt
        attempt.worker = worker
        let now = clock.nowMilliseconds
        let actions = state.withLock { [attempt] state in
            // Nobody waits under this number.
            state.lastWaiter += 1
            return state.batcher.add(attempt, waiter: state.lastWaiter, at: now)
        }
        perform(actions)
    }

    /// Writes what is left, for at most three seconds. After the last ``record(_:)`` has returned.
    public func close() async {
        handle { $0.close(at: $1) }
        for _ in 0..<Self.closingLooks {
            guard !state.withLock({ $0.batcher.isIdle }) else { return }
            do { try await clock.sleep(milliseconds: Self.closingPauseMilliseconds) } catch { break }
        }
        let lost = state.withLock { $0.batcher.unwrittenRows }
        if lost > 0 { logger.warning("attempts are not in the log", metadata: ["rows": "\(lost)"]) }
    }

    private func handle(_ event: (inout AttemptBatcher, Int64) -> [AttemptBatcher.Action]) {
        let now = clock.nowMilliseconds
        perform(state.withLock { event(&$0.batcher, now) })
    }

    private func perform(_ actions: [AttemptBatcher.Action]) {
        for action in actions {
            switch action {
            case .write(let batch, let rows): write(batch, rows)
            case .leave(let batch, let rows): Task.detached { await self.leave(batch, rows) }
            case .release(let waiters):
                let continuations = state.withLock { state in
                    waiters.compactMap { state.waiters.removeValue(forKey: $0) }
                }
                for continuation in continuations { continuation.resume() }
            case .wake(let time): Task.detached { await self.wake(atMilliseconds: time) }
            case .changed(let isAway):
                if isAway {
                    logger.warning("attempts wait in Redis: Postgres is away or slow")
                } else {
                    logger.info("attempts are logged in Postgres again")
                }
            case .dropped(let rows): logger.warning("attempts are not in the log", metadata: ["rows": "\(rows)"])
            }
        }
    }

    /// Starts a write and its timer. Whichever ends first decides; both are told apart by the batcher.
    private func write(_ batch: UInt64, _ rows: [AttemptBatcher.Entry]) {
        // Under the lock, so that neither can end before it is noted.
        state.withLock { state in
            state.writing[batch] = Task.detached { await self.finish(batch, rows) }
            state.timers[batch] = Task.detached { await self.limit(batch) }
        }
    }

    private func limit(_ batch: UInt64) async {
        do { try await clock.sleep(milliseconds: patienceMilliseconds) } catch { return }
        handle { $0.late(batch, at: $1) }
        state.withLock { $0.writing[batch] }?.cancel()
    }

    private func finish(_ batch: UInt64, _ rows: [AttemptBatcher.Entry]) async {
        do throws(JobsError) {
            try await toPostgres(rows.map(\.attempt))
            handle { $0.wrote(batch, at: $1) }
        } catch {
            logger.debug("attempts could not be written", metadata: ["error": "\(error)"])
            handle { $0.failed(batch, at: $1) }
        }
        let timer = state.withLock { state in
            state.writing[batch] = nil
            return state.timers.removeValue(forKey: batch)
        }
        timer?.cancel()
    }

    private func leave(_ batch: UInt64, _ rows: [AttemptBatcher.Entry]) async {
        do {
            let dropped = try await toRedis(rows.map { try $0.attempt.entry() })
            if dropped > 0 { logger.warning("attempts are not in the log", metadata: ["rows": "\(dropped)"]) }
            handle { $0.left(batch, at: $1) }
        } catch {
            logger.debug("attempts could not be left in Redis", metadata: ["error": "\(error)"])
            handle { $0.notLeft(batch, at: $1) }
        }
    }

    private func wake(atMilliseconds time: Int64) async {
        do { try await clock.sleep(milliseconds: max(0, time - clock.nowMilliseconds)) } catch { return }
        handle { $0.tick(at: $1) }
    }
}
