import Command
import Foundation
import Postgres
import Queue

/// One worker with the usual settings, first with healthy targets, then with six more that misbehave.
struct IsolationRun: Sendable {
    let options: BenchOptions
    let postgres: BenchPostgres
    /// Without, nobody joins: what the machine does by itself.
    let joins: Bool

    private static let bad: [TargetManners] = [.hang, .drip, .reset, .big, .bomb]
    private static let warmUp = 3.0
    /// How long what is under way may take in the end.
    private static let settleLimit = Duration.seconds(20)

    var contender: Contender {
        Contender(name: joins ? "six that misbehave" : "nobody") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        try await AttemptRows.with(postgres) { rows in
            try await rows.clear()
            return try await BenchRedis.with(options) { redis in
                let good = try await BenchTargets.start(
                    [TargetManners](repeating: .good, count: IsolationBenchmark.healthyCount), name: "good", options)
                do {
                    let bad = try await BenchTargets.start(Self.bad, name: "bad", bomb: try await bomb(), options)
                    do {
                        return try await measure(redis, rows, good, bad)
                    } catch {
                        await bad.kill()
                        throw error
                    }
                } catch {
                    await good.kill()
                    throw error
                }
            }
        }
    }

    /// 100 MB of nothing in about 100 kB.
    private func bomb() async throws -> String {
        let path = "\(options.directory)/bomb.gz"
        try await ProgramRun(
            "sh", ["-c", #"head -c 100000000 /dev/zero | gzip -9 > "$0""#, path], limit: .seconds(60),
            log: "\(path).log"
        ).run()
        return path
    }

    private func measure(
        _ redis: BenchRedis, _ rows: AttemptRows, _ good: BenchTargets, _ bad: BenchTargets
    ) async throws -> [Reading] {
        let endpoints = BenchEndpoints(redis: redis, postgres: postgres, options: options)
        let urls = good.ports.indices.map(good.url) + bad.ports.indices.map(bad.url) + ["http://never.example/hook"]
        let ids = try await endpoints.make(urls.map { ["url": $0, "operations": ["person.*"]] })
        let healthy = Array(ids.prefix(IsolationBenchmark.healthyCount))
        let ill = Array(ids.dropFirst(IsolationBenchmark.healthyCount))
        let names = SilentNames.isPossible ? try SilentNames(options) : nil
        let worker = try await endpoints.startWorker([:], wrapper: names?.wrapper ?? [])
        let client = QueueClient(redis: redis.client)
        do {
            let pace = DeliveryPace(client: client, worker: worker)
            let warm = try await pace.run(healthy: healthy, ill: [], seconds: Self.warmUp)
            let alone = try await pace.run(
                healthy: healthy, ill: [], seconds: options.seconds(IsolationBenchmark.aloneSeconds))
            let beside = try await pace.run(
                healthy: healthy, ill: joins ? ill : [], seconds: options.seconds(IsolationBenchmark.besideSeconds))
            let messages = Set(warm.messages + alone.messages + beside.messages)
            try await waitUntilLogged(messages, redis, rows, healthy)
            await worker.stop()
            let arrivals = try await good.finish().arrivals
            let attempts = try await bad.finish().arrivals.count
            guard arrivals.count == messages.count, Set(arrivals.map(\.message)) == messages else {
                throw BenchError("\(arrivals.count) arrivals of \(messages.count) healthy deliveries")
            }
            withExtendedLifetime(names) {}
            return readings(alone, beside, arrivals, attempts)
        } catch {
            await worker.kill()
            throw error
        }
    }

    /// Healthy deliveries need not be acked, only received; those that misbehave are never done.
    private func waitUntilLogged(
        _ messages: Set<String>, _ redis: BenchRedis, _ rows: AttemptRows, _ healthy: [String]
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.settleLimit
        while true {
            // What Postgres was too slow for lies in Redis.
            let late = try await AttemptRows.late(redis).filter { messages.contains("msg_\($0)") }.count
            if try await rows.deliveredCount(endpoints: healthy) + late >= messages.count { return }
            guard clock.now < end else { throw BenchError("healthy deliveries are missing in the log") }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    private func readings(
        _ alone: DeliveryPace.Outcome, _ beside: DeliveryPace.Outcome, _ arrivals: [TargetsResult.Arrival],
        _ attempts: Int
    ) -> [Reading] {
        let delays = Dictionary(
            arrivals.map { ($0.message, $0.receivedNanoseconds - $0.stampNanoseconds) }, uniquingKeysWith: { $1 })
        let first = Percentiles(nanoseconds: alone.messages.compactMap { delays[$0] })
        let second = Percentiles(nanoseconds: beside.messages.compactMap { delays[$0] })
        return first.readings(IsolationBenchmark.Group.alone) + second.readings(IsolationBenchmark.Group.beside) + [
            Reading(
                group: IsolationBenchmark.Group.ratio, unit: "times",
                value: second.value(at: 0.99) / max(first.value(at: 0.99), 0.001)),
            Reading(
                group: IsolationBenchmark.Group.memory, unit: "MB", value: Double(beside.mostResidentBytes) / 1e6),
            Reading(
                group: IsolationBenchmark.Group.growth, unit: "MB",
                value: Double(beside.mostResidentBytes - alone.mostResidentBytes) / 1e6),
            Reading(group: IsolationBenchmark.Group.attempts, unit: "", value: Double(attempts)),
        ]
    }
}
