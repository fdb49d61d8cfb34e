import Command
import Foundation

/// What a worker with nothing to do sends to Redis.
struct IdleRun: Sendable {
    let options: BenchOptions

    /// Longer than any interval of ours.
    private static let seconds = 24.0

    var contender: Contender {
        Contender(name: "Aventora", mostRuns: 1) {
            try await BenchRedis.with(options) { redis in
                let worker = try await StampedWorkerCommand.start(
                    redis, options, jobCount: 1, clock: .monotonic, limit: .seconds(60))
                return try await Self.measure(worker, redis, settle: 2, seconds: options.seconds(Self.seconds), options)
            }
        }
    }

    /// Listens to Redis with `MONITOR` for a while, and ends the worker.
    ///
    /// Redis's own counts are of no use: they include what scripts do inside.
    static func measure(
        _ worker: RunningProgram, _ redis: BenchRedis, settle: Double, seconds: Double, _ options: BenchOptions
    ) async throws -> [Reading] {
        let clock = ContinuousClock()
        let log = "\(options.directory)/monitor.log"
        do {
            try await clock.sleep(for: .seconds(settle))
            let monitor = try await ProgramRun(
                "redis-cli", ["-p", "\(redis.server.port)", "MONITOR"],
                environment: ["REDISCLI_AUTH": redis.server.password], limit: .seconds(60), log: log
            ).start()
            try await clock.sleep(for: .seconds(seconds))
            let text = PrivateFile.read(log) ?? ""
            await monitor.kill()
            try worker.checkRuns()
            await worker.stop()
            return [Reading(group: PickupBenchmark.commands, unit: "per s", value: Double(count(text)) / seconds)]
        } catch {
            await worker.kill()
            throw error
        }
    }

    /// Lines such as `1763700000.123456 [0 127.0.0.1:40000] "BLPOP" …`; what a script does is from `[0 lua]`.
    private static func count(_ text: String) -> Int {
        text.split(separator: "\n").filter { $0.contains("] \"") && !$0.contains(" lua] ") }.count
    }
}
