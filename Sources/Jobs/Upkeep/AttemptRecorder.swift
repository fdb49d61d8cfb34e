// Rows of the attempt log are written by the workers themselves; those that Postgres did not take in time wait in Redis, and
// this service moves them, as `HistoryRecorder` moves traces. A crash between its two steps writes a row twice, which the
// store makes one.

public import Logging
public import Queue
public import ServiceLifecycle

/// Moves rows of the attempt log from Redis to Postgres.
public struct AttemptRecorder: Service {
    private let queue: QueueClient
    private let store: DeliveryStore
    private let queues: [QueueName]
    private let clock: any MonotonicClock
    private let logger: Logger

    /// Rows moved at a time; each may hold some 20 kB, and what the job was about.
    private static let batch = 200
    /// The pause when there was nothing to move, in ms.
    private static let pauseMilliseconds: Int64 = 1_000
    /// The pause after a failure, in ms.
    private static let faultPauseMilliseconds: Int64 = 2_000

    /// A recorder for these queues.
    public init(
        queue: QueueClient, store: DeliveryStore, queues: [QueueName], clock: any MonotonicClock, logger: Logger
    ) {
        self.queue = queue
        self.store = store
        self.queues = queues
        self.clock = clock
        self.logger = logger
    }

    /// Moves rows until a shutdown. What is left then is moved by the next process.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                let pause: Int64
                do {
                    pause = try await moveOnce() ? 0 : Self.pauseMilliseconds
                    if isFailing { logger.info("attempts are moved to Postgres again") }
                    isFailing = false
                } catch {
                    if !isFailing { logger.warning("attempts wait in Redis", metadata: ["error": "\(error)"]) }
                    isFailing = true
                    pause = Self.faultPauseMilliseconds
                }
                guard pause > 0 else { continue }
                do { try await clock.sleep(milliseconds: pause) } catch { return }
            }
        }
    }

    /// Moves at most one batch of each queue; whether a batch was full.
    func moveOnce() async throws -> Bool {
        var wasFull = false
        for name in queues {
            let entries = try await queue.waitingLog(of: name, count: Self.batch)
            guard !entries.isEmpty else { continue }
            let rows = entries.compactMap { DeliveryAttempt($0) }
            let hopeless = try await record(rows)
            let lost = entries.count - rows.count + hopeless
            if lost > 0 { logger.warning("attempts cannot be logged", metadata: ["rows": "\(lost)"]) }
            // Their jobs may have ended meanwhile.
            try await store.conclude(rows.map(\.delivery.id))
            try await queue.unlog(entries.map(\.name), of: name)
            wasFull = wasFull || entries.count == Self.batch
        }
        return wasFull
    }

    /// Writes the rows; one by one if Postgres refuses a value, so that the others get there. How many it refuses.
    private func record(_ rows: [DeliveryAttempt]) async throws -> Int {
        guard !rows.isEmpty else { return 0 }
        do throws(JobsError) {
            try await store.record(rows)
            return 0
        } catch {
            guard error.underlying?.isRefusedValue == true else { throw error }
        }
        var refused = 0
        for row in rows {
            do throws(JobsError) { try await store.record([row]) } catch {
                guard error.underlying?.isRefusedValue == true else { throw error }
                logger.debug("an attempt cannot be logged", metadata: ["error": "\(error)"])
                refused += 1
            }
        }
        return refused
    }
}
