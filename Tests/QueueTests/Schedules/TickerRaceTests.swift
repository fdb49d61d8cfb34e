import Logging
import TestKit
import Testing
import Threads

@testable import Queue

/// Many tickers for one schedule. Whoever is frozen between looking and moving, or dies there, changes nothing.
@Suite(.timeLimit(.minutes(2)))
struct TickerRaceTests {
    private static let tickCount = 100_000

    private func scheduled(_ bench: ScriptBench) throws -> ScheduledJob {
        let pattern = try #require(CronPattern("* * * * * *"))
        return ScheduledJob(
            schedule: CronSchedule(name: "each-second", pattern: pattern, misfire: .catchUp(1_000)), queue: bench.queue,
            kind: "kind", policy: RetryPolicy(attempts: 1, delayMilliseconds: 0))
    }

    /// What one scheduler does at a moment: looks, and moves the schedule at once, later, or never.
    private func step(
        _ bench: ScriptBench, _ scheduled: ScheduledJob, at now: Int64, _ random: inout SeededRandom,
        _ frozen: inout (plan: CronSchedule.Plan, from: Int64?)?
    ) async throws {
        let client = ScheduleClient(bench.client(at: now))
        if let held = frozen, Int.random(in: 0..<2, using: &random) == 0 {
            _ = try await client.move(scheduled, held.plan, from: held.from)
            frozen = nil
            return
        }
        guard let status = try await client.status(of: [scheduled]).first else { return }
        let plan = scheduled.schedule.plan(lastMilliseconds: status.lastMilliseconds, nowMilliseconds: now)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: frozen = (plan, status.lastMilliseconds)
        case 1: frozen = nil
        default: _ = try await client.move(scheduled, plan, from: status.lastMilliseconds)
        }
    }

    @Test func fiveSchedulersRacedKilledAndFrozenFireEachTickOnce() async throws {
        let seed = UInt64.random(in: 0...(.max))
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench)
        let client = ScheduleClient(bench.client())
        var clock = SeededRandom(seed: seed)
        var now: Int64 = 1_800_000_000_000
        let start = now
        _ = try await ScheduleClient(bench.client(at: now)).move(
            scheduled, .init(fires: [], skips: [], lastMilliseconds: now), from: nil)
        var frozen: [(plan: CronSchedule.Plan, from: Int64?)?] = Array(repeating: nil, count: 5)
        var seen: [Int64: Int] = [:]
        let end = start + Int64(Self.tickCount) * 1_000
        while seen.count < Self.tickCount {
            now = min(now + .random(in: 100...400_000, using: &clock), end)
            let moment = now
            let seeds = (0..<5).map { _ in clock.next() }
            let held = frozen
            frozen = try await withThrowingTaskGroup(
                of: (Int, (plan: CronSchedule.Plan, from: Int64?)?).self
            ) { group in
                for index in 0..<5 {
                    group.addTask {
                        var random = SeededRandom(seed: seeds[index])
                        var own = held[index]
                        for _ in 0..<3 { try await step(bench, scheduled, at: moment, &random, &own) }
                        return (index, own)
                    }
                }
                return try await group.reduce(into: held) { $0[$1.0] = $1.1 }
            }
            // As the recorder does: the ledger in Redis stays short.
            let ticks = try await client.waitingTicks(of: bench.queue, count: 20_000)
            for tick in ticks {
                #expect(tick.outcome == .fired, "seed \(seed)")
                seen[tick.atMilliseconds, default: 0] += 1
            }
            try await client.forget(ticks, of: bench.queue)
            try await discardJobs(bench, count: ticks.count)
        }
        #expect(seen.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        #expect(seen.keys.min() == start + 1_000 && seen.keys.max() == end, "seed \(seed)")
        #expect(try await bench.counter("enqueued") == Int64(Self.tickCount), "seed \(seed)")
    }

    private func discardJobs(_ bench: ScriptBench, count: Int) async throws {
        let jobs = try await bench.trip(want: count, at: 1).jobs
        #expect(jobs.count == count)
        _ = try await bench.trip(settling: jobs.map { Settlement(.done(), of: $0, leavesTrace: false) }, at: 1)
    }

    @Test func aTickerFiresOnTimeAndOnceBesideAnother() async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let tickers = (0..<2).map { _ in
            Ticker(schedules: [scheduled], client: bench.client(), clock: SystemMonotonicClock(), logger: logger)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ticker in tickers { group.addTask { try await ticker.run() } }
            let ticks = try await Waiting.value("three ticks") {
                let ticks = try await ScheduleClient(bench.client()).waitingTicks(of: bench.queue, count: 100)
                return ticks.count >= 3 ? ticks : nil
            }
            group.cancelAll()
            #expect(Set(ticks.map(\.atMilliseconds)).count == ticks.count)
            #expect(ticks.allSatisfy { $0.atMilliseconds % 1_000 == 0 && $0.judgedAtMilliseconds >= $0.atMilliseconds })
            #expect(ticks.allSatisfy { $0.outcome == .fired })
        }
    }
}
