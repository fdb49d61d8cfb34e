import Redis
import TestKit
import Testing

@testable import Queue

/// Jobs of order keys against a model, whatever happens to them in whatever order: what may run, runs, and nothing else.
@Suite(.timeLimit(.minutes(3)))
struct OrderPropertyTests {
    /// What should be so. A chain's first has its turn; where the others are does not matter until then.
    private struct Model {
        struct Job {
            let chain: String
            /// From when on it may run, once it has its turn.
            var at: Int64
            var worker: String?
            var claimed: ClaimedJob?
            var crashes = 0
            var isCancelling = false
        }

        var jobs: [JobID: Job] = [:]
        var chains: [String: [JobID]] = [:]
        var dead: [JobID: Job] = [:]
        var ended: Set<JobID> = []

        mutating func add(_ id: JobID, _ job: Job) {
            jobs[id] = job
            chains[job.chain, default: []].append(id)
        }

        @discardableResult
        mutating func remove(_ id: JobID) -> Job? {
            guard let job = jobs.removeValue(forKey: id) else { return nil }
            chains[job.chain]?.removeAll { $0 == id }
            return job
        }

        mutating func bury(_ id: JobID) { if let job = remove(id) { dead[id] = job } }

        mutating func end(_ id: JobID) {
            remove(id)
            ended.insert(id)
        }

        func ready(at now: Int64) -> Set<JobID> {
            Set(chains.values.compactMap(\.first).filter { jobs[$0].map { $0.worker == nil && $0.at <= now } ?? false })
        }

        func running(by worker: String) -> [JobID] { Self.sorted(jobs.filter { $0.value.worker == worker }.keys) }

        static func sorted(_ ids: some Sequence<JobID>) -> [JobID] {
            ids.sorted { $0.description < $1.description }
        }
    }

    private static let workers = ["w1", "w2", "w3"]

    @Test(arguments: 1...24)
    func whatMayRunRunsAndNothingElse(_ seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let bench = try await ScriptBench()
        var model = Model()
        var now: Int64 = 1_000
        var steps: [String] = []
        for step in 0..<120 {
            now += [0, 0, 1, 700, 6_000].randomElement(using: &random) ?? 0
            steps.append(try await take(step, at: now, bench, &model, &random))
            let names = try await bench.reply("HKEYS", bench.keys.jobs).arrayValue ?? []
            let inRedis = Set(names.compactMap { $0.string.flatMap { JobID($0) } })
            #expect(inRedis == Set(model.jobs.keys).union(model.dead.keys), "seed \(seed): \(steps)")
            guard inRedis == Set(model.jobs.keys).union(model.dead.keys) else { return }
        }
        // What is left runs to its end: nobody waits for somebody who is gone.
        for worker in Self.workers { try await crash(worker, at: now, bench, &model) }
        for _ in 0..<400 where !model.jobs.isEmpty {
            now += 10_000
            try await claim("w1", want: 99, at: now, bench, &model, "seed \(seed): \(steps)")
            for id in model.running(by: "w1") { try await settle(id, .done(), at: now, bench, &model) }
        }
        #expect(model.jobs.isEmpty, "seed \(seed): \(steps)")
        let left = try await bench.reply("EXISTS", bench.keys.orders, bench.keys.keys)
        #expect(left == .integer(0), "seed \(seed): \(steps)")
        let doctor = QueueDoctor(bench.client(), options: .init(restMilliseconds: 0, settleMilliseconds: 0))
        #expect(try await doctor.examine().findings == [], "seed \(seed): \(steps)")
    }

    private func take(
        _ step: Int, at now: Int64, _ bench: ScriptBench, _ model: inout Model, _ random: inout SeededRandom
    ) async throws -> String {
        let worker = try #require(Self.workers.randomElement(using: &random))
        switch Int.random(in: 0..<12, using: &random) {
        case 0...3:
            return try await enqueue(at: now, bench, &model, &random)
        case 4, 5:
            let want = [1, 2, 99].randomElement(using: &random) ?? 1
            try await claim(worker, want: want, at: now, bench, &model, "step \(step)")
            return "\(worker) claims \(want)"
        case 6, 7, 8:
            guard let id = model.running(by: worker).randomElement(using: &random) else { return "-" }
            let outcomes = [
                JobOutcome.done(), .done(note: "x"), .retry(reason: "no"), .defer(milliseconds: 300, reason: "later"),
                .defer(milliseconds: 0, reason: "now"), .bury(reason: "no"),
            ]
            let outcome = try #require(outcomes.randomElement(using: &random))
            try await settle(id, outcome, at: now, bench, &model)
            return "\(id) \(outcome)"
        case 9:
            guard let id = Model.sorted(model.jobs.keys).randomElement(using: &random) else { return "-" }
            let result = try await bench.client(at: now).cancel(id, in: bench.queue)
            if model.jobs[id]?.worker == nil {
                #expect(result == .cancelled, "step \(step)")
                model.end(id)
            } else {
                #expect(result == .requested, "step \(step)")
                model.jobs[id]?.isCancelling = true
            }
            return "cancel \(id)"
        case 10:
            try await crash(worker, at: now, bench, &model)
            return "\(worker) dies"
        default:
            guard let id = Model.sorted(model.dead.keys).randomElement(using: &random) else { return "-" }
            var command = RedisCommand(script: Scripts.revive, keys: bench.keys.all)
            command.append(now)
            command.append(id)
            #expect(try await bench.redis.run(command) == .integer(1))
            if let job = model.dead.removeValue(forKey: id) { model.add(id, .init(chain: job.chain, at: now)) }
            return "revive \(id)"
        }
    }

    private func enqueue(
        at now: Int64, _ bench: ScriptBench, _ model: inout Model, _ random: inout SeededRandom
    ) async throws -> String {
        var jobs: [NewJob] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let order: String? = ["a", "b", "b:c", nil].randomElement(using: &random) ?? nil
            let delay: Int64 = [0, 0, 500, 7_000].randomElement(using: &random) ?? 0
            let id = JobID(nowMilliseconds: 1_000)
            jobs.append(
                NewJob(
                    id: id, kind: "kind", arguments: Array("{}".utf8),
                    policy: RetryPolicy(attempts: 2, delayMilliseconds: 1_000),
                    lane: ["", "l", "m"].randomElement(using: &random) ?? "", delayMilliseconds: delay, orderKey: order)
            )
            model.add(id, .init(chain: order ?? "alone \(id)", at: now + delay))
        }
        try await bench.client(at: now).enqueue(jobs, to: bench.queue)
        return "enqueue \(jobs.map { "\($0.id) \($0.envelope.options.orderKey ?? "-") +\($0.delayMilliseconds)" })"
    }

    private func claim(
        _ worker: String, want: Int, at now: Int64, _ bench: ScriptBench, _ model: inout Model, _ story: String
    ) async throws {
        let claimed = try await bench.trip(worker, want: want, at: now).jobs
        let ready = model.ready(at: now)
        let ids = Set(claimed.map(\.id))
        #expect(ids.isSubset(of: ready), "\(story): too early or out of turn \(ids.subtracting(ready))")
        if want > ready.count { #expect(ids == ready, "\(story): left \(ready.subtracting(ids))") }
        for job in claimed {
            model.jobs[job.id]?.worker = worker
            model.jobs[job.id]?.claimed = job
        }
    }

    private func settle(
        _ id: JobID, _ outcome: JobOutcome, at now: Int64, _ bench: ScriptBench, _ model: inout Model
    ) async throws {
        guard let job = model.jobs[id], let worker = job.worker, let claimed = job.claimed else { return }
        let settlement = Settlement(outcome, of: claimed, leavesTrace: false)
        _ = try await bench.trip(worker, settling: [settlement], at: now)
        switch settlement.change {
        case .bury: model.bury(id)
        case .requeue(let requeue) where !job.isCancelling:
            model.jobs[id] = .init(chain: job.chain, at: now + requeue.delayMilliseconds, crashes: job.crashes)
        default: model.end(id)
        }
    }

    private func crash(_ worker: String, at now: Int64, _ bench: ScriptBench, _ model: inout Model) async throws {
        _ = try await bench.reply("ZADD", bench.keys.leases, "1", worker)
        _ = try await LeaseScriptTests.reap(bench, worker, at: now + 100_000)
        for id in model.running(by: worker) {
            guard let job = model.jobs[id] else { continue }
            if job.isCancelling {
                model.end(id)
            } else if job.crashes + 1 >= Limits.crashesUntilQuarantine {
                model.bury(id)
            } else {
                model.jobs[id] = .init(chain: job.chain, at: now, crashes: job.crashes + 1)
            }
        }
    }
}
