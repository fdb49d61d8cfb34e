import Logging
import Redis
import ServiceLifecycle
import TestKit

@testable import Queue

/// A worker on the shared Redis, with a queue of its own.
struct WorkerBench: Sendable {
    let bench: ScriptBench
    let configuration: RedisConfiguration

    init() async throws {
        bench = try await ScriptBench()
        configuration = try await TestRedis.configuration()
    }

    func worker(
        _ name: String = "w", concurrency: Int = 16, graceMilliseconds: Int64 = 5_000, leaseMilliseconds: Int64 = 9_000,
        heartbeatMilliseconds: Int64 = 3_000, clock: any MonotonicClock = SystemMonotonicClock(),
        handlers: [JobHandler]
    ) -> JobWorker {
        JobWorker(
            configuration: configuration,
            options: WorkerOptions(
                name: "\(name)-\(bench.namespace)", queues: [bench.queue], concurrency: concurrency,
                graceMilliseconds: graceMilliseconds, namespace: bench.namespace,
                heartbeatMilliseconds: heartbeatMilliseconds, leaseMilliseconds: leaseMilliseconds),
            registry: JobRegistry(handlers),
            clock: clock,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Runs `body` beside the worker, then stops the worker gracefully and waits for it.
    func running(_ worker: JobWorker, _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(
            services: [worker], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let run = Task { try await group.run() }
        do { try await body() } catch {
            run.cancel()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await run.value
    }

    func job(_ arguments: String = "{}", attempts: Int = 3, retryDelay: Int64 = 20, delay: Int64 = 0) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: Array(arguments.utf8),
            policy: RetryPolicy(attempts: attempts, delayMilliseconds: retryDelay), delayMilliseconds: delay)
    }

    func isEmpty() async throws -> Bool {
        let status = try await bench.client().status(of: [bench.queue], nowMilliseconds: 0)[0]
        return status.ready + status.due + status.running + status.dead == 0
    }
}

/// The machine's clock, made to run faster: what a worker does after seconds is seen after a fraction of one.
struct ScaledClock: MonotonicClock {
    let speed: Int64
    private let clock = SystemMonotonicClock()

    init(speed: Int64) { self.speed = speed }

    var nowMilliseconds: Int64 { clock.nowMilliseconds * speed }

    func sleep(milliseconds: Int64) async throws { try await clock.sleep(milliseconds: milliseconds / speed + 1) }
}
