// A worker that keeps nothing of its own, so that the memory it takes is the engine's.

import ArgumentParser
import Command
import Foundation
import Queue

/// Works on the noop queue that `REDIS_URL` leads to until it is killed.
struct MemoryWorkerCommand: AsyncParsableCommand {
    static let name = "memory-worker"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The worker of the memory benchmark; started by it.", shouldDisplay: false)

    @Option var concurrency: Int
    @Flag(help: "Jobs run until they are cancelled.") var hold = false

    @concurrent func run() async throws {
        let holds = hold
        let handler = JobHandler(kind: NoopJobs.kind) { _ in
            if holds { try await Task.sleep(for: .seconds(600)) }
            return .done()
        }
        let worker = try BenchWorker.make(
            name: "memory-\(getpid())", queue: NoopJobs.queue, concurrency: concurrency, handler: handler)
        try await worker.run()
    }

    /// Starts one.
    static func start(
        _ redis: BenchRedis, _ options: BenchOptions, concurrency: Int, holds: Bool = false
    ) async throws -> RunningProgram {
        try await ProgramRun(
            try ProgramRun.ownPath(), [name, "--concurrency", "\(concurrency)"] + (holds ? ["--hold"] : []),
            environment: [BenchWorker.urlVariable: redis.server.url], limit: .seconds(600),
            log: "\(options.directory)/memory-worker.log"
        ).start()
    }
}
