import Foundation
import Logging
import Queue
import Redis

/// The engine as the benchmarks' worker processes run it: one queue, one kind, no logs.
enum BenchWorker {
    /// Whose Redis to work for.
    static let urlVariable = "REDIS_URL"

    static func redisConfiguration() throws -> RedisConfiguration {
        try RedisConfiguration(url: ProcessInfo.processInfo.environment[urlVariable] ?? "")
    }

    /// - Parameter name: unique per start.
    static func make(
        name: String, queue: QueueName, concurrency: Int, handler: JobHandler
    ) throws -> JobWorker {
        JobWorker(
            configuration: try redisConfiguration(),
            options: WorkerOptions(name: name, queues: [queue], concurrency: concurrency),
            registry: JobRegistry([handler]),
            logger: Logger(label: name, factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}
