import Command
import Foundation

/// Sidekiq, if it is on this machine, doing the same: `peers/sidekiq_noop.rb`.
struct SidekiqPeer: Sendable {
    private let options: BenchOptions
    private let version: String

    /// Threads of its one process: its default, and what its authors call a sensible most.
    private static let threadCounts = [10, 25]
    private static let title = "Sidekiq"

    /// What the script writes.
    private struct Result: Decodable {
        let seconds: Double
        let processorSeconds: Double
    }

    /// None, and a line that says so, when it is not installed.
    static func contenders(_ options: BenchOptions) -> [Contender] {
        guard let version = installedVersion() else {
            RunCommand.tell("Sidekiq is not installed (apt-get install ruby-sidekiq): going on without it")
            return []
        }
        let peer = SidekiqPeer(options: options, version: version)
        return threadCounts.map { threads in
            Contender(name: "\(peer.name), \(threads) threads") { try await peer.drain(threads) }
        } + [Contender(name: peer.name) { try await peer.enqueueAlone() }]
    }

    private var name: String { "\(Self.title) \(version)" }

    /// From the folder that Debian puts it in; starting Ruby to ask would take a second.
    private static func installedVersion() -> String? {
        guard ProgramRun.find("ruby") != nil else { return nil }
        let folder = "/usr/share/rubygems-integration/all/gems"
        let gems = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return gems.filter { $0.hasPrefix("sidekiq-") }.sorted().last.map { String($0.dropFirst("sidekiq-".count)) }
    }

    private func drain(_ threads: Int) async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let enqueued = try await run("push_many", redis, jobCount: options.jobCount)
            try await redis.settle()
            let redisBefore = try await redis.processorSeconds()
            let drained = try await run("work", redis, jobCount: options.jobCount, threads: threads)
            let redisSeconds = try await redis.processorSeconds() - redisBefore
            let ran = Set(drained.ids)
            guard drained.ids.count == options.jobCount, ran == Set(enqueued.ids) else {
                throw BenchError("\(name): \(drained.ids.count) runs of \(ran.count) jobs of \(options.jobCount)")
            }
            var rate = Reading.rate(NoopBenchmark.Group.enqueueMany, options.jobCount, enqueued.result.seconds)
            rate.contender = name
            let processorSeconds = drained.result.processorSeconds
            return [
                .rate(NoopBenchmark.Group.drain, options.jobCount, drained.result.seconds),
                rate,
                .processorTime(NoopBenchmark.Group.workerTime, options.jobCount, processorSeconds),
                .processorTime(NoopBenchmark.Group.redisTime, options.jobCount, redisSeconds),
            ]
        }
    }

    private func enqueueAlone() async throws -> [Reading] {
        let jobCount = max(1, options.jobCount / NoopBenchmark.aloneShare)
        let pushed = try await BenchRedis.with(options) { try await run("push_alone", $0, jobCount: jobCount) }
        return [.rate(NoopBenchmark.Group.enqueueAlone, jobCount, pushed.result.seconds)]
    }

    private func run(
        _ mode: String, _ redis: BenchRedis, jobCount: Int, threads: Int = 1
    ) async throws -> (result: Result, ids: [Substring]) {
        let script = "\(options.directory)/sidekiq_noop.rb"
        let output = "\(options.directory)/sidekiq-\(mode)"
        let files = [script, output + ".json", output + ".ids"]
        defer { files.forEach(PrivateFile.remove) }
        try PrivateFile.write(String(decoding: PackageResources.sidekiq_noop_rb, as: UTF8.self), to: script)
        try await ProgramRun(
            "ruby", ["--yjit", script, mode, "\(jobCount)", "\(threads)", output],
            environment: [NoopWorkerCommand.urlVariable: redis.server.url],
            limit: .seconds(60 + jobCount / 500),
            log: output + ".log"
        ).run()
        let figures = try Data(contentsOf: URL(fileURLWithPath: output + ".json"))
        let ids = PrivateFile.read(output + ".ids") ?? ""
        return (try JSONDecoder().decode(Result.self, from: figures), ids.split(separator: "\n"))
    }
}
