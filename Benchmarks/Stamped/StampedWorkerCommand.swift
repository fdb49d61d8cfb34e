// The worker's side of what measures waits, in a process of its own as in production.

import ArgumentParser
import Command
import Foundation
import Queue
import Redis
import Synchronization

/// Runs stamped jobs from the queue that `REDIS_URL` leads to until enough have run, and writes how late they started.
struct StampedWorkerCommand: AsyncParsableCommand {
    static let name = "stamped-worker"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The worker of benchmarks that measure waits; started by them.",
        shouldDisplay: false)

    @Option(help: "Stamped jobs after which it ends.") var jobs: Int
    @Option var concurrency: Int
    @Option var clock: StampClock
    @Option var output: String

    @concurrent func run() async throws {
        let record = StampedRecord(expected: jobs)
        let clock = clock
        let handler = JobHandler(kind: StampedJob.kind) { job in
            let started = clock.nanoseconds
            switch StampedJob.stamp(of: job.arguments) {
            case 0: break
            case StampedJob.slow: try await Task.sleep(for: .seconds(1))
            case let stamp: record.add(job.id, delayNanoseconds: started - stamp)
            }
            return .done()
        }
        let worker = try BenchWorker.make(
            name: "stamped-\(getpid())", queue: StampedJob.queue, concurrency: concurrency, handler: handler)
        try await BenchWorker.run(worker) { await record.waitUntilFull() }
        try record.result.write(to: output)
    }

    /// Starts one.
    static func start(
        _ redis: BenchRedis, _ options: BenchOptions, jobCount: Int, clock: StampClock, limit: Duration
    ) async throws -> RunningProgram {
        try await ProgramRun(
            try ProgramRun.ownPath(),
            [
                name, "--jobs", "\(jobCount)", "--concurrency", "\(options.concurrency)", "--clock", clock.rawValue,
                "--output", path(options),
            ],
            environment: [BenchWorker.urlVariable: redis.server.url], limit: limit, log: path(options) + ".log"
        ).start()
    }

    /// Where it leaves its result.
    static func path(_ options: BenchOptions) -> String { "\(options.directory)/stamped-worker.json" }
}

extension StampClock: ExpressibleByArgument {}

/// The starts so far. Adding one takes a lock for some nanoseconds.
private final class StampedRecord: Sendable {
    private let state = Mutex(StampedResult())
    private let expected: Int
    private let full: AsyncStream<Void>
    private let filler: AsyncStream<Void>.Continuation

    init(expected: Int) {
        self.expected = expected
        (full, filler) = AsyncStream.makeStream()
    }

    var result: StampedResult { state.withLock { $0 } }

    func add(_ id: JobID, delayNanoseconds: Int64) {
        let count = state.withLock { state in
            state.ids.append(id.description)
            state.delayNanoseconds.append(delayNanoseconds)
            return state.ids.count
        }
        if count == expected { filler.finish() }
    }

    func waitUntilFull() async { for await _ in full {} }
}
