import Foundation
import Logging
import Queue
import Redis
import ServiceLifecycle

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

    /// Runs the worker until `body` returns; then it ends as after SIGTERM, with everything settled.
    static func run<Value: Sendable>(
        _ worker: JobWorker, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: worker)], logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }))
        async let running: Void = group.run()
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await group.triggerGracefulShutdown()
        try await running
        return try result.get()
    }
}
