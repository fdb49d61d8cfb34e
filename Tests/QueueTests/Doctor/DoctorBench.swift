import Logging
import Redis
import ServiceLifecycle
import TestKit
import Testing
import Threads

@testable import Queue

/// A queue with jobs in every place where jobs can be, and a check of it.
final class DoctorBench: Sendable {
    let bench: ScriptBench
    let configuration: RedisConfiguration
    let doctor: QueueDoctor

    init(options: QueueDoctor.Options = .init(restMilliseconds: 0, settleMilliseconds: 0)) async throws {
        bench = try await ScriptBench()
        configuration = try await TestRedis.configuration()
        doctor = QueueDoctor(bench.client(), options: options)
    }

    var keys: Keys { bench.keys }
    var queue: QueueName { bench.queue }

    func job(
        lane: String = "", delay: Int64 = 0, key: JobKey? = nil, attempts: Int = 3, retryDelay: Int64 = 50,
        order: String? = nil
    ) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_700_000_000_000), kind: "kind", arguments: Array("{}".utf8),
            policy: RetryPolicy(attempts: attempts, delayMilliseconds: retryDelay), lane: lane,
            delayMilliseconds: delay, key: key, orderKey: order)
    }

    func enqueue(_ jobs: NewJob...) async throws { try await bench.client().enqueue(jobs, to: queue) }

    /// Jobs in line with and without lanes, due, running, buried, retried, cancelled, unique, debounced, followed, held and
    /// at their lane's cap.
    func fill() async throws {
        // Debounced, running, with a follower.
        let followed = JobKey.debounce("followed", quietMilliseconds: 0, longestMilliseconds: 10)
        try await enqueue(job(key: followed))
        _ = try await bench.trip(want: 5, at: 0)
        try await enqueue(job(key: followed))
        // A lane at its cap, a lane held by its rate, a run that shall be cancelled.
        try await bench.client().setLimits(LaneLimits(inFlight: 1), ofLane: "full", in: queue)
        try await bench.client().setLimits(LaneLimits(perSecond: 2), ofLane: "slow", in: queue)
        let stopped = job()
        try await enqueue(job(lane: "full"), job(lane: "full"), job(lane: "slow"), job(lane: "slow"), stopped)
        _ = try await bench.trip("w1", want: 9, at: 0)
        _ = try await bench.trip("w2", want: 9, at: 0)
        _ = try await bench.client().cancel(stopped.id, in: queue)
        // One buried, one that waits for its second attempt.
        try await enqueue(job(attempts: 1), job(retryDelay: 300))
        let two = try await bench.trip(want: 5, at: 0).jobs
        let ends = two.map { Settlement(.retry(reason: "no"), of: $0, leavesTrace: false) }
        _ = try await bench.trip(settling: ends, at: 0)
        // What waits.
        let cancelled = [job(), job(lane: "a")]
        try await enqueue(
            job(), job(), cancelled[0], job(), job(lane: "a"), cancelled[1], job(lane: "a"), job(lane: "b"),
            job(lane: "b"))
        for job in cancelled { _ = try await bench.client().cancel(job.id, in: queue) }
        try await enqueue(
            job(delay: 200), job(lane: "a", delay: 200), job(key: .unique("only")),
            job(lane: "b", key: .unique("other")),
            job(key: .debounce("quiet", quietMilliseconds: 200, longestMilliseconds: 300)))
    }

    /// Before ``fill()``: chains whose first runs, waits for its second attempt, waits for its time, stands in a lane, and
    /// is alone. Behind them wait two, one, one, one and none.
    func fillChains() async throws {
        try await enqueue(job(order: "running"), job(order: "running"), job(order: "running"))
        _ = try await bench.trip(want: 1, at: 0)
        try await enqueue(job(retryDelay: 200, order: "retried"), job(order: "retried"))
        let failed = try await bench.trip(want: 1, at: 0).jobs
        _ = try await bench.trip(
            settling: failed.map { Settlement(.retry(reason: "no"), of: $0, leavesTrace: false) }, at: 0)
        try await fill()
        try await enqueue(
            job(delay: 200, order: "due"), job(delay: 100, order: "due"), job(lane: "a", order: "laned"),
            job(lane: "a", order: "laned"), job(order: "alone"))
    }

    /// Ids of everything that has an envelope, and of followers; without what is buried or shall be cancelled.
    func runnable() async throws -> Set<String> {
        var ids = Set(try await strings("HKEYS", keys.jobs))
        ids.formUnion(
            try await strings("HVALS", keys.next).compactMap { $0.split(separator: " ").first.map(String.init) })
        ids.subtract(try await strings("ZRANGE", keys.dead, "0", "-1"))
        ids.subtract(try await strings("HKEYS", keys.cancels))
        return ids
    }

    func strings(_ name: String, _ arguments: String...) async throws -> [String] {
        try await bench.redis.run(RedisCommand(name, arguments: arguments)).texts
    }

    func run(_ name: String, _ arguments: String...) async throws {
        _ = try await bench.redis.run(RedisCommand(name, arguments: arguments))
    }

    /// Lets a worker run what is there, and answers how often each job ran.
    func drain() async throws -> [String: Int] {
        let runs = Tally()
        let handler = JobHandler(kind: "kind") { job in
            runs.add(job.id.description)
            return .done()
        }
        let worker = JobWorker(
            configuration: configuration,
            options: WorkerOptions(
                name: "drain-\(bench.namespace)", queues: [queue], concurrency: 16, namespace: bench.namespace,
                heartbeatMilliseconds: 50, leaseMilliseconds: 200),
            registry: JobRegistry([handler]), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let group = ServiceGroup(
            services: [worker], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let run = Task { try await group.run() }
        do {
            try await Waiting.until("an empty queue", seen: { await self.snapshot() }) {
                let status = try await bench.client().status(of: [queue], nowMilliseconds: 0)[0]
                return status.ready + status.due + status.running == 0
            }
        } catch {
            run.cancel()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await run.value
        return runs.all
    }

    private func snapshot() async -> String {
        var text = ""
        for (name, arguments) in [
            ("LRANGE", [keys.ready, "0", "-1"]), ("HGETALL", [keys.jobs]), ("HGETALL", [keys.lanes]),
            ("LRANGE", [keys.ring, "0", "-1"]), ("HGETALL", [keys.lanesRunning]), ("HGETALL", [keys.next]),
            ("ZRANGE", [keys.lanesHeld, "0", "-1", "WITHSCORES"]), ("HGETALL", [keys.counters]),
        ] {
            guard let reply = try? await bench.redis.run(RedisCommand(name, arguments: arguments)) else { continue }
            text += "\(arguments[0]): \(reply.texts)\n"
        }
        return text
    }
}

/// How often each of some things happened.
final class Tally: Sendable {
    private let counts = Locked<[String: Int]>([:])

    func add(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }

    var all: [String: Int] { counts.withLock { $0 } }
}

extension DoctorReport {
    /// How many of each there were.
    var counts: [Ailment: Int] {
        findings.reduce(into: [:]) { $0[$1.ailment, default: 0] += $1.count }
    }

    var repairedCounts: [Ailment: Int] {
        findings.reduce(into: [:]) { $0[$1.ailment, default: 0] += $1.repaired }
    }
}
