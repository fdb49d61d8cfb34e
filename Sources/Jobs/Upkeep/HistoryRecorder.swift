// Traces of finished jobs travel in two steps: the ack leaves them in Redis, atomically; this service moves them to
// Postgres and then drops them there. Postgres may be away for as long as the traces' limit lasts; a crash between the
// two steps writes a trace twice, which the store's upsert makes one.

public import Logging
public import Queue
public import ServiceLifecycle

/// Moves the traces of finished jobs into the history.
public struct HistoryRecorder: Service {
    private let queue: QueueClient
    private let store: FinishedStore
    private let deliveries: DeliveryStore
    private let queues: [QueueName]
    private let clock: any MonotonicClock
    private let logger: Logger

    /// Traces moved at a time.
    private static let batch = 500
    /// The pause when there was nothing to move, in ms.
    private static let pauseMilliseconds: Int64 = 250
    /// The pause after a failure, in ms.
    private static let faultPauseMilliseconds: Int64 = 2_000

    /// A recorder of these queues' traces, which tells the attempt log of those ends that no attempt told it of.
    public init(
        queue: QueueClient, store: FinishedStore, deliveries: DeliveryStore, queues: [QueueName],
        clock: any MonotonicClock, logger: Logger
    ) {
        self.queue = queue
        self.store = store
        self.deliveries = deliveries
        self.queues = queues
        self.clock = clock
        self.logger = logger
    }

    /// Moves traces until a shutdown. What is left then is moved by the next process.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                let pause: Int64
                do {
                    let moved = try await moveOnce()
                    if isFailing { logger.info("history is recorded again") }
                    isFailing = false
                    pause = moved ? 0 : Self.pauseMilliseconds
                } catch {
                    if !isFailing { logger.warning("history waits in Redis", metadata: ["error": "\(error)"]) }
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
            let traces = try await queue.finishedTraces(of: name, count: Self.batch)
            guard !traces.isEmpty else { continue }
            FaultPoint.reach(.schedulerBeforeRecord)
            try await store.record(traces.map { FinishedJob($0) })
            try await deliveries.conclude(traces.filter { $0.state != .done }.map(\.id.description))
            FaultPoint.reach(.schedulerBeforeForget)
            try await queue.forget(traces, of: name)
            FaultPoint.reach(.schedulerAfterForget)
            wasFull = wasFull || traces.count == Self.batch
        }
        return wasFull
    }
}

extension FinishedJob {
    /// A trace as the history keeps it.
    public init(_ trace: FinishedTrace) {
        let state: State =
            switch trace.state {
            case .dead: .dead
            case .cancelled: .cancelled
            default: .done
            }
        self.init(
            id: trace.id.description, kind: trace.kind, queue: trace.queue.description, state: state,
            attempts: Int64(trace.attempts), crashes: Int64(trace.crashes), deferrals: Int64(trace.deferrals),
            enqueuedAtMilliseconds: trace.id.createdMilliseconds,
            finishedAtMilliseconds: trace.finishedAtMilliseconds, note: state == .dead ? nil : trace.note,
            error: state == .dead ? trace.note : nil)
    }
}
