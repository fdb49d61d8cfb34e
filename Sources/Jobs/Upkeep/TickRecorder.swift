// The lines of the ledger travel as the traces of finished jobs do (see `HistoryRecorder`): the script that fires a tick
// leaves its line in Redis, atomically; this service moves it to Postgres and then drops it there. A crash between the two
// writes a line twice, which the store makes one.

public import Logging
public import Queue
public import ServiceLifecycle

/// Moves the ledger of schedules from Redis to Postgres.
public struct TickRecorder: Service {
    private let schedules: ScheduleClient
    private let store: TickStore
    private let queues: [QueueName]
    private let clock: any MonotonicClock
    private let logger: Logger

    /// Lines moved at a time.
    private static let batch = 500
    /// The pause when there was nothing to move, in ms.
    private static let pauseMilliseconds: Int64 = 1_000
    /// The pause after a failure, in ms.
    private static let faultPauseMilliseconds: Int64 = 2_000

    /// A recorder for the schedules of these queues.
    public init(
        schedules: ScheduleClient, store: TickStore, queues: [QueueName], clock: any MonotonicClock, logger: Logger
    ) {
        self.schedules = schedules
        self.store = store
        self.queues = queues
        self.clock = clock
        self.logger = logger
    }

    /// Moves lines until a shutdown. What is left then is moved by the next process.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                let pause: Int64
                do {
                    pause = try await moveOnce() ? 0 : Self.pauseMilliseconds
                    if isFailing { logger.info("ticks are recorded again") }
                    isFailing = false
                } catch {
                    if !isFailing { logger.warning("ticks wait in Redis", metadata: ["error": "\(error)"]) }
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
            let ticks = try await schedules.waitingTicks(of: name, count: Self.batch)
            guard !ticks.isEmpty else { continue }
            try await store.record(ticks)
            try await schedules.forget(ticks, of: name)
            wasFull = wasFull || ticks.count == Self.batch
        }
        return wasFull
    }
}
