import Command
import Foundation

/// The bare limit: what `redis-benchmark`, in C, gets out of the cheapest commands that any queue on lists needs. It
/// claims nothing, acks nothing and loses what it took when it dies; no queue can be faster on this machine.
struct BareRedis: Sendable {
    let options: BenchOptions

    /// Commands sent before their replies are awaited.
    private static let pipeline = 100
    /// A user with no password, on a server that lives for this measurement, who may do nothing else: so that no
    /// password stands on a command line.
    private static let user = "bare"
    private static let access = "user \(user) on nopass ~mylist -@all +lpush +rpop"

    /// None, and a line that says so, when `redis-benchmark` is not installed.
    static func contenders(_ options: BenchOptions) -> [Contender] {
        guard ProgramRun.find("redis-benchmark") != nil else {
            RunCommand.tell("redis-benchmark is not installed (apt-get install redis-tools): going on without it")
            return []
        }
        let bare = BareRedis(options: options)
        return [
            Contender(name: "bare limit, by \(pipeline) a trip") {
                let rates = try await bare.run(pipeline: pipeline, jobCount: options.jobCount)
                return [
                    reading(NoopBenchmark.Group.drain, "bare RPOP, \(pipeline) a trip", rates["RPOP"]),
                    reading(NoopBenchmark.Group.enqueueMany, "bare LPUSH, \(pipeline) a trip", rates["LPUSH"]),
                ]
            },
            Contender(name: "bare LPUSH") {
                let jobCount = max(1, options.jobCount / NoopBenchmark.aloneShare)
                let rates = try await bare.run(pipeline: 1, jobCount: jobCount)
                return [reading(NoopBenchmark.Group.enqueueAlone, "bare LPUSH", rates["LPUSH"])]
            },
        ]
    }

    private static func reading(_ group: String, _ contender: String, _ rate: Double?) -> Reading {
        Reading(group: group, unit: "jobs/s", value: rate ?? 0, contender: contender)
    }

    /// Commands a second, by command.
    private func run(pipeline: Int, jobCount: Int) async throws -> [String: Double] {
        try await BenchRedis.with(options, settings: [Self.access]) { redis in
            let text = try await ProgramRun(
                "redis-benchmark",
                [
                    "-p", "\(redis.server.port)", "--user", Self.user, "-a", "none", "-t", "lpush,rpop", "-c", "1",
                    "-P", "\(pipeline)", "-n", "\(jobCount)", "-d", "\(NoopBenchmark.argumentBytes)", "--csv",
                ],
                limit: .seconds(60 + jobCount / 500),
                log: "\(options.directory)/redis-benchmark.log"
            ).run()
            let rates = text.split(whereSeparator: \.isNewline).compactMap { line -> (String, Double)? in
                let cells = line.split(separator: ",").map { $0.trimmingCharacters(in: ["\""]) }
                guard cells.count > 1, let rate = Double(cells[1]) else { return nil }
                return (cells[0], rate)
            }
            let byCommand = Dictionary(rates) { first, _ in first }
            guard byCommand["LPUSH"] != nil, byCommand["RPOP"] != nil else {
                throw BenchError("redis-benchmark answered: \(text.suffix(300))")
            }
            return byCommand
        }
    }
}
