import Logging
import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct TickScriptTests {
    private let pattern = CronPattern("0 * * * *")
    private static let hour: Int64 = 3_600_000

    private func scheduled(_ bench: ScriptBench, key: JobKey? = nil, lane: String = "") throws -> ScheduledJob {
        ScheduledJob(
            schedule: CronSchedule(name: "hourly", pattern: try #require(pattern), misfire: .catchUp(5)),
            queue: bench.queue, kind: "kind", policy: RetryPolicy(attempts: 1, delayMilliseconds: 0), lane: lane,
            key: key)
    }

    private func plan(_ last: Int64, fires: [Int64] = [], skips: [CronSchedule.Skip] = []) -> CronSchedule.Plan {
        CronSchedule.Plan(fires: fires, skips: skips, lastMilliseconds: last)
    }

    private func ticks(_ bench: ScriptBench) async throws -> [ScheduleTick] {
        try await ScheduleClient(bench.client()).waitingTicks(of: bench.queue, count: 100).sorted {
            $0.atMilliseconds < $1.atMilliseconds
        }
    }

    @Test(arguments: ["", "a"]) func aTickEnqueuesItsJobAndWritesItsLine(_ lane: String) async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench, lane: lane)
        let client = ScheduleClient(bench.client(at: 7_250))
        #expect(try await client.move(scheduled, plan(5_000), from: nil) == .moved([]))
        let move = try await client.move(
            scheduled, plan(7_000, fires: [6_000, 7_000]), from: 5_000)
        guard case .moved(let jobs) = move else {
            Issue.record("\(move)")
            return
        }
        #expect(try await bench.trip(want: 9, at: 7_250).jobs.map(\.id) == jobs.compactMap { $0 })
        let ticks = try await ticks(bench)
        #expect(ticks.map(\.atMilliseconds) == [6_000, 7_000])
        #expect(ticks.map(\.jobID) == jobs && ticks.allSatisfy { $0.outcome == .fired && $0.schedule == "hourly" })
        #expect(ticks.map(\.lateMilliseconds) == [1_250, 250])
        let status = try #require(try await client.status(of: [scheduled]).first)
        #expect(status.lastMilliseconds == 7_000 && status.nextMilliseconds == Self.hour)
    }

    @Test func whoIsBehindDoesNothing() async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench)
        let client = ScheduleClient(bench.client(at: 9_000))
        _ = try await client.move(scheduled, plan(5_000), from: nil)
        let next = plan(6_000, fires: [6_000])
        _ = try await client.move(scheduled, next, from: 5_000)
        for from in [5_000, nil] as [Int64?] {
            let again = try await client.move(scheduled, next, from: from)
            #expect(again == .behind(lastMilliseconds: 6_000))
        }
        #expect(try await bench.trip(want: 9, at: 9_000).jobs.count == 1)
        #expect(try await ticks(bench).count == 1)
        // Redis lost everything: whoever believes to know is told that nobody knows.
        _ = try await bench.reply("DEL", bench.keys.schedules)
        let lost = try await client.move(scheduled, plan(7_000, fires: [7_000]), from: 6_000)
        #expect(lost == .behind(lastMilliseconds: nil))
    }

    @Test func aPausedScheduleIsMovedPastItsTicksWhichTheLedgerKeeps() async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench)
        let client = ScheduleClient(bench.client(at: 9_000))
        try await client.pause(scheduled)
        try await client.pause(scheduled)
        #expect(try await client.status(of: [scheduled]).first?.pausedSinceMilliseconds == 9_000)
        #expect(try await client.status(of: [scheduled]).first?.nextMilliseconds == nil)
        let move = try await client.move(scheduled, plan(6_000, fires: [6_000]), from: nil)
        #expect(move == .moved([nil]))
        #expect(try await bench.trip(want: 9, at: 9_000).jobs.isEmpty)
        let tick = try #require(try await ticks(bench).first)
        #expect(tick.outcome == .skipped && tick.reason == "the schedule is paused" && tick.jobID == nil)
        try await client.resume(scheduled)
        #expect(try await client.status(of: [scheduled]).first?.pausedSinceMilliseconds == nil)
    }

    @Test func aTickWhosePredecessorIsPendingIsSkippedWithThatReason() async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench, key: .unique("hourly"))
        let client = ScheduleClient(bench.client(at: 9_000))
        let move = try await client.move(
            scheduled, plan(7_000, fires: [6_000, 7_000]), from: nil)
        guard case .moved(let jobs) = move, let first = jobs.first ?? nil else {
            Issue.record("\(move)")
            return
        }
        #expect(jobs == [first, nil])
        let second = try #require(try await ticks(bench).last)
        #expect(second.outcome == .skipped && second.jobID == first)
        #expect(second.reason == "the job of an earlier tick is still pending")
        // So is one that somebody asks for.
        #expect(try await client.run(scheduled) == first)
    }

    @Test func skipsAreLinesOfTheirOwn() async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench)
        let client = ScheduleClient(bench.client(at: 9_000))
        let skip = CronSchedule.Skip(
            firstMilliseconds: 1_000, lastMilliseconds: 4_000, count: 4, reason: .beyondLimit)
        _ = try await client.move(scheduled, plan(4_000, skips: [skip]), from: nil)
        let tick = try #require(try await ticks(bench).first)
        #expect(tick.atMilliseconds == 1_000 && tick.lastAtMilliseconds == 4_000 && tick.count == 4)
        #expect(tick.reason == "beyond limit" && tick.outcome == .skipped)
    }

    @Test func theLastLineIsShownWithTheSchedule() async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench)
        let client = ScheduleClient(bench.client(at: 9_000))
        #expect(try await client.status(of: [scheduled]).first?.lastTick == nil)
        let skip = CronSchedule.Skip(firstMilliseconds: 1_000, lastMilliseconds: 4_000, count: 4, reason: .beyondLimit)
        let both = plan(6_000, fires: [5_000, 6_000], skips: [skip])
        guard case .moved(let jobs) = try await client.move(scheduled, both, from: nil) else {
            Issue.record("it was not moved")
            return
        }
        let fired = try await client.status(of: [scheduled]).first?.lastTick
        #expect(fired?.atMilliseconds == 6_000 && fired?.outcome == .fired && fired?.jobID == jobs[1])
        #expect(fired?.lateMilliseconds == 3_000 && fired?.mark == "")
        // A move without ticks leaves it, a wish replaces it.
        _ = try await client.move(scheduled, plan(7_000), from: 6_000)
        #expect(try await client.status(of: [scheduled]).first?.lastTick == fired)
        let asked = try await client.run(scheduled)
        let manual = try await client.status(of: [scheduled]).first?.lastTick
        #expect(manual?.outcome == .manual && manual?.jobID == asked && manual?.mark == asked.description)
        // What forgets the lines does not forget that.
        try await client.forget(try await ticks(bench), of: bench.queue)
        #expect(try await client.status(of: [scheduled]).first?.lastTick == manual)
    }

    /// A release with another pattern owes nothing of the time before it, and a release beside it misses nothing.
    @Test func anotherPatternBeginsWhenItsReleaseDoes() async throws {
        let bench = try await ScriptBench()
        let hour = try scheduled(bench)
        let minute = ScheduledJob(
            schedule: CronSchedule(
                name: "hourly", pattern: try #require(CronPattern("* * * * *")), misfire: .catchUp(1_000)),
            queue: bench.queue, kind: "kind", policy: hour.policy)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        // Each look has its own time; a ticker remembers only when it looked first.
        func ticker(_ scheduled: ScheduledJob) -> (Int64) async throws -> Void {
            let first = Ticker(schedules: [scheduled], client: bench.client(at: Self.hour * 10), logger: logger)
            return { now in
                try await first.tick(ScheduleClient(bench.client(at: now)))
            }
        }
        let older = ticker(hour)
        try await older(Self.hour * 3)
        let newer = ticker(minute)
        try await newer(Self.hour * 10 + 30_000)
        #expect(try await ticks(bench).isEmpty)
        try await newer(Self.hour * 10 + 60_000)
        #expect(try await ticks(bench).map(\.atMilliseconds) == [Self.hour * 10 + 60_000])
        try await older(Self.hour * 11)
        try await newer(Self.hour * 11)
        #expect(
            try await ticks(bench).map(\.atMilliseconds) == [Self.hour * 10 + 60_000, Self.hour * 11])
    }

    @Test func runningNowIsATickOfItsOwnAlsoWhilePaused() async throws {
        let bench = try await ScriptBench()
        let scheduled = try scheduled(bench)
        let client = ScheduleClient(bench.client(at: 9_000))
        try await client.pause(scheduled)
        let ids = [try await client.run(scheduled), try await client.run(scheduled)]
        #expect(try await bench.trip(want: 9, at: 9_000).jobs.map(\.id) == ids)
        let ticks = try await ticks(bench)
        #expect(ticks.count == 2 && ticks.allSatisfy { $0.outcome == .manual })
        #expect(try await client.status(of: [scheduled]).first?.lastMilliseconds == nil)
        try await client.forget(ticks, of: bench.queue)
        #expect(try await self.ticks(bench).isEmpty)
    }
}
