import Command
import Glibc
import Queue

/// A worker with as many requests under way as it is allowed; SIGTERM; the same deliveries by another worker to targets that
/// answer.
struct InFlightRun: Sendable {
    let options: BenchOptions
    let postgres: BenchPostgres
    let requestCount: Int

    /// Most deliveries at a time of one endpoint.
    private static let laneSize = 1_000
    private static let limit = Duration.seconds(60)

    var contender: Contender {
        Contender(name: "Aventora") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        try await AttemptRows.with(postgres) { rows in
            try await rows.clear()
            return try await BenchRedis.with(options) { redis in try await measure(redis, rows) }
        }
    }

    private func measure(_ redis: BenchRedis, _ rows: AttemptRows) async throws -> [Reading] {
        let client = QueueClient(redis: redis.client)
        let endpoints = BenchEndpoints(redis: redis, postgres: postgres, options: options)
        let laneCount = (requestCount + Self.laneSize - 1) / Self.laneSize
        let silent = try await BenchTargets.start(
            [TargetManners](repeating: .hang, count: laneCount), name: "silent", options)
        let jobs: [NewJob]
        let stopped: [Reading]
        do {
            let drafts: [[String: any Sendable]] = silent.ports.indices.map {
                ["url": silent.url($0), "operations": ["person.*"], "max_in_flight": Self.laneSize]
            }
            let ids = try await endpoints.make(drafts)
            jobs = (0..<requestCount).map {
                DeliveryJobs.make(to: ids[$0 % ids.count], policy: DeliveryJobs.standardPolicy)
            }
            try await DeliveryJobs.enqueue(jobs, through: client)
            stopped = try await fillAndStop(endpoints, client, rows)
        } catch {
            await silent.kill()
            throw error
        }
        let seen = try await silent.finish().arrivals.count
        guard seen == requestCount else {
            throw BenchError("\(seen) of \(requestCount) requests reached their targets")
        }
        let rest = try await deliverRest(jobs, endpoints, client, rows, silent)
        return stopped + [Reading(group: InFlightBenchmark.Group.rest, unit: "s", value: rest)]
    }

    private func start(_ endpoints: BenchEndpoints) async throws -> RunningProgram {
        try await endpoints.startWorker([
            "WORKER_CONCURRENCY": "\(requestCount)",
            "WORKER_SHUTDOWN_GRACE_SECONDS": "\(InFlightBenchmark.graceSeconds)",
        ])
    }

    /// Has all requests under way, stops the worker, and looks at what it left.
    private func fillAndStop(
        _ endpoints: BenchEndpoints, _ client: QueueClient, _ rows: AttemptRows
    ) async throws -> [Reading] {
        let clock = ContinuousClock()
        let worker = try await start(endpoints)
        do {
            let idle = try worker.residentBytes()
            let start = clock.now
            try await wait(worker, "requests are not under way") {
                try worker.socketCount() >= requestCount
            }
            let filled = clock.now - start
            // The last ones are still being written.
            try await clock.sleep(for: .seconds(1))
            let resident = try worker.residentBytes()
            let signalled = clock.now
            worker.process.send(SIGTERM)
            guard
                let exit = await worker.process.waitForExit(
                    within: .seconds(InFlightBenchmark.graceSeconds + 15))
            else { throw BenchError("the worker did not stop") }
            let seconds = (clock.now - signalled).seconds
            guard exit == .exited(0) else { throw BenchError("the stopped worker ended with \(exit)") }
            let status = try await client.status(of: [DeliveryJobs.queue], nowMilliseconds: 0)[0]
            guard status.ready + status.due == requestCount, status.running + status.dead == 0 else {
                throw BenchError("after the stop: \(status.ready) ready, \(status.due) due, \(status.running) running")
            }
            let spent = try await rows.spentCount()
            func reading(_ group: String, _ unit: String, _ value: Double) -> Reading {
                Reading(group: group, unit: unit, value: value)
            }
            typealias Group = InFlightBenchmark.Group
            return [
                reading(Group.memory, "MB", Double(resident) / 1e6),
                reading(Group.each, "kB", Double(resident - idle) / 1e3 / Double(requestCount)),
                reading(Group.start, "s", filled.seconds), reading(Group.stop, "s", seconds),
                reading(Group.spent, "", Double(spent)),
            ]
        } catch {
            await worker.kill()
            throw error
        }
    }

    /// The same targets answer now; each delivery arrives, at its first attempt.
    private func deliverRest(
        _ jobs: [NewJob], _ endpoints: BenchEndpoints, _ client: QueueClient, _ rows: AttemptRows,
        _ silent: BenchTargets
    ) async throws -> Double {
        let good = try await BenchTargets.start(
            [TargetManners](repeating: .good, count: silent.ports.count), ports: silent.ports, name: "answering",
            options)
        do {
            let clock = ContinuousClock()
            let start = clock.now
            let worker = try await self.start(endpoints)
            do {
                try await wait(worker, "deliveries are missing") {
                    let status = try await client.status(of: [DeliveryJobs.queue], nowMilliseconds: 0)[0]
                    return status.ready + status.due + status.running == 0
                }
                let seconds = (clock.now - start).seconds
                await worker.stop()
                let arrived = Set(try await good.finish().arrivals.map(\.message))
                let late = try await AttemptRows.late(endpoints.redis)
                let delivered = Set(try await rows.deliveries("delivered") + late)
                let spent = try await rows.spentCount()
                guard arrived == Set(jobs.map { "msg_\($0.id)" }), delivered == Set(jobs.map(\.id.description)),
                    (jobs.count - late.count...jobs.count).contains(spent)
                else {
                    throw BenchError(
                        "\(arrived.count) arrived, \(delivered.count) logged, \(spent) attempts, of \(jobs.count)")
                }
                return seconds
            } catch {
                await worker.kill()
                throw error
            }
        } catch {
            await good.kill()
            throw error
        }
    }

    private func wait(
        _ worker: RunningProgram, _ problem: String, until isDone: () async throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.limit
        while try await !isDone() {
            try worker.checkRuns()
            guard clock.now < end else { throw BenchError("after \(Self.limit) \(problem)") }
            try await clock.sleep(for: .milliseconds(50))
        }
    }
}
