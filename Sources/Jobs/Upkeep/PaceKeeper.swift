public import Logging
public import Queue
public import ServiceLifecycle

/// Looks at how fast the queues move now and then, so that there are samples when somebody asks.
///
/// Any number may run: Redis keeps one sample an interval.
public struct PaceKeeper: Service {
    private let queue: QueueClient
    private let queues: [QueueName]
    private let clock: any MonotonicClock
    private let logger: Logger

    /// A keeper for these queues.
    public init(queue: QueueClient, queues: [QueueName], clock: any MonotonicClock, logger: Logger) {
        self.queue = queue
        self.queues = queues
        self.clock = clock
        self.logger = logger
    }

    /// Looks every ``QueuePace/intervalMilliseconds`` until a shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { _ = try await queue.pace(of: queues) } catch {
                    // The figure is unknown for a while, and nothing else: whatever is wrong, others say louder.
                    logger.debug("no sample of the queues' pace", metadata: ["error": "\(error)"])
                }
                do { try await clock.sleep(milliseconds: QueuePace.intervalMilliseconds) } catch { return }
            }
        }
    }
}
