import Logging
import Redis
import ServiceLifecycle
import TestKit
import Testing
import Threads

@testable import Queue

/// A check beside workers under load: it finds nothing, and a repair loses and doubles nothing.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct LiveDoctorTests {
    /// What became of each job.
    private struct Ledger {
        var accepted: Set<JobID> = []
        var debounced: Set<JobID> = []
        var cancelled: Set<JobID> = []
        var done: [JobID: Int] = [:]
    }

    private final class Load: Sendable {
        let bench: WorkerBench
        let ledger = Locked(Ledger())
        let seed: UInt64

        init(_ bench: WorkerBench, seed: UInt64) {
            self.bench = bench
            self.seed = seed
        }

        /// Fails, puts itself off and holds its lane by its id, the same each time.
        var handler: JobHandler {
            JobHandler(kind: "kind") { [self] job in
                let draw = job.id.draw(seed) % 20
                if job.attempt == 1 {
                    if draw < 4 {
                        let hold: Int64 = draw == 0 ? 5 : 0
                        return .retry(
                            reason: "first", notBeforeMilliseconds: Int64(draw), holdLaneMilliseconds: hold)
                    }
                    if (7...14).contains(draw) { try await Task.sleep(for: .milliseconds(3)) }
                }
                if draw == 19, job.attempt < 3 { return .retry(reason: "at once") }
                ledger.withLock { $0.done[job.id, default: 0] += 1 }
                return .done(then: draw == 6 ? [follower(of: job)] : [])
            }
        }

        private func follower(of job: RunningJob) -> NewJob {
            let next = NewJob(
                id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: [],
                policy: RetryPolicy(attempts: 9, delayMilliseconds: 1), lane: job.lane)
            ledger.withLock { _ = $0.accepted.insert(next.id) }
            return next
        }

        func job(_ random: inout SeededRandom) -> NewJob {
            let lane = Int.random(in: 0..<3, using: &random) == 0 ? "" : "lane\(Int.random(in: 0..<25, using: &random))"
            let key: JobKey? =
                switch Int.random(in: 0..<10, using: &random) {
                case 0: .unique("u\(Int.random(in: 0..<50, using: &random))")
                case 1:
                    .debounce(
                        "d\(Int.random(in: 0..<10, using: &random))", quietMilliseconds: 2, longestMilliseconds: 8)
                default: nil
                }
            let delay = Int.random(in: 0..<6, using: &random) == 0 ? Int64.random(in: 1...60, using: &random) : 0
            let isOrdered = Int.random(in: 0..<4, using: &random) == 0
            let order = isOrdered ? "o\(Int.random(in: 0..<40, using: &random))" : nil
            return NewJob(
                id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: Array("{}".utf8),
                policy: RetryPolicy(attempts: 9, delayMilliseconds: Int64.random(in: 0...9, using: &random)),
                lane: lane,
                delayMilliseconds: delay, key: key, orderKey: order)
        }

        /// Enqueues `count` jobs in small groups, and cancels one now and then.
        func produce(_ count: Int) async throws {
            var random = SeededRandom(seed: seed &+ UInt64(count))
            let client = bench.bench.client()
            for _ in 0..<(count / 20) {
                let jobs = (0..<20).map { _ in job(&random) }
                ledger.withLock { $0.accepted.formUnion(jobs.filter { $0.key == nil }.map(\.id)) }
                let items = try await client.enqueue(jobs, to: bench.bench.queue)
                ledger.withLock { ledger in
                    for (item, job) in zip(items, jobs) {
                        guard let key = job.key, !item.isDuplicate else { continue }
                        if case .unique = key {
                            ledger.accepted.insert(item.id)
                        } else {
                            ledger.debounced.insert(item.id)
                        }
                    }
                }
                guard Int.random(in: 0..<3, using: &random) == 0 else { continue }
                let victim = items[Int.random(in: 0..<20, using: &random)].id
                let answer = try await client.cancel(victim, in: bench.bench.queue)
                if answer == .cancelled || answer == .requested {
                    ledger.withLock { _ = $0.cancelled.insert(victim) }
                }
            }
        }
    }

    private func setLimits(_ bench: WorkerBench) async throws {
        let (client, queue) = (bench.bench.client(), bench.bench.queue)
        try await client.setLimits(LaneLimits(inFlight: 2), ofLane: "lane1", in: queue)
        try await client.setLimits(LaneLimits(perSecond: 2_000, burst: 3), ofLane: "lane2", in: queue)
        let breaker = LaneLimits.Breaker(minimumResults: 5, failurePercent: 20, openMilliseconds: 5)
        try await client.setLimits(LaneLimits(inFlight: 3, breaker: breaker), ofLane: "lane3", in: queue)
    }

    /// With a short reach, so that long lines are judged as very long ones are.
    private func doctor(_ bench: WorkerBench) -> QueueDoctor {
        QueueDoctor(
            bench.bench.client(),
            options: .init(restMilliseconds: 0, settleMilliseconds: 50, slice: 40, reach: 20, suspectsPerWalk: 500))
    }

    /// Runs `body` beside two workers and one check after the other; answers their reports.
    private func underLoad(
        _ bench: WorkerBench, _ load: Load, repairs: Bool, _ body: () async throws -> Void
    ) async throws -> [DoctorReport] {
        try await setLimits(bench)
        try await load.produce(5_000)
        let isOver = Locked(false)
        let doctor = doctor(bench)
        let checks = Task {
            var reports: [DoctorReport] = []
            while !isOver.withLock({ $0 }) {
                reports.append(try await doctor.examine([bench.bench.queue], repairs: repairs))
            }
            return reports
        }
        let workers = (0..<2).map { bench.worker("w\($0)", concurrency: 12, handlers: [load.handler]) }
        try await bench.running(workers[0]) {
            try await bench.running(workers[1]) {
                try await body()
                try await Waiting.until("an empty queue", within: .seconds(60)) {
                    try await bench.bench.reply("HLEN", bench.bench.keys.jobs) == .integer(0)
                }
            }
        }
        isOver.withLock { $0 = true }
        return try await checks.value
    }

    private func expectAllDoneOnce(_ load: Load) {
        let ledger = load.ledger.withLock { $0 }
        let lost = ledger.accepted.subtracting(ledger.done.keys).subtracting(ledger.cancelled)
        #expect(lost.isEmpty, "seed \(load.seed): \(lost.count) of \(ledger.accepted.count) lost")
        #expect(ledger.done.values.allSatisfy { $0 == 1 }, "seed \(load.seed)")
    }

    private func faults(_ reports: [DoctorReport]) -> [DoctorReport.Finding] {
        reports.flatMap(\.findings).filter { $0.severity == .fault }
    }

    @Test(arguments: [1, 2, 3, 4], [false, true])
    func nothingIsFoundAndNothingIsLost(_ seed: UInt64, repairs: Bool) async throws {
        let bench = try await WorkerBench()
        let load = Load(bench, seed: seed)
        let reports = try await underLoad(bench, load, repairs: repairs) { try await load.produce(3_000) }
        #expect(faults(reports) == [], "seed \(seed)")
        #expect(reports.count >= 2 && reports[0].jobs > 1_000, "checks of \(reports.map(\.jobs)) jobs")
        expectAllDoneOnce(load)
        #expect(faults([try await doctor(bench).examine([bench.bench.queue])]) == [])
    }

    /// Lines, due times and the ring are deleted again and again while jobs come in and run.
    @Test(arguments: [1, 2, 3, 4])
    func lossesAreMadeGoodUnderLoad(_ seed: UInt64) async throws {
        let bench = try await WorkerBench()
        let load = Load(bench, seed: seed)
        let keys = bench.bench.keys
        var random = SeededRandom(seed: seed)
        let reports = try await underLoad(bench, load, repairs: true) {
            for _ in 0..<10 {
                try await load.produce(300)
                let lane = keys.lane("lane\(Int.random(in: 0..<25, using: &random))")
                let victims = [keys.ready, keys.due, keys.lanesDue, keys.ring, keys.lanes, keys.lanesRunning, lane]
                let victim = try #require(victims.randomElement(using: &random))
                _ = try await bench.bench.reply("DEL", victim)
            }
        }
        let found = faults(reports).reduce(into: [:]) { $0[$1.ailment, default: 0] += $1.count }
        #expect(!found.isEmpty, "nothing was lost")
        expectAllDoneOnce(load)
        let after = try await doctor(bench).examine([bench.bench.queue], repairs: true)
        #expect(after.isWell, "seed \(seed): \(found), then \(after.findings)")
    }
}
