import Basics
import Jobs
import Queue
import Testing

@testable import Operator

@Suite(.timeLimit(.minutes(1)))
struct ScheduleDeskTests {
    /// 2026-01-01T00:00:00Z
    private static let now: Int64 = 1_767_225_600_000

    private func scheduled(_ misfire: CronSchedule.Misfire = .catchUp(3)) throws -> ScheduledJob {
        ScheduledJob(
            schedule: CronSchedule(
                name: "nightly", pattern: try #require(CronPattern("30 2 * * *")), misfire: misfire),
            queue: "upkeep", kind: "kind", policy: RetryPolicy(attempts: 1, delayMilliseconds: 0))
    }

    @Test func aScheduleIsShownPausedAndRun() async throws {
        let bench = try await OperatorBench()
        let scheduled = try scheduled()
        let status = try #require(
            try await ScheduleClient(bench.client(at: Self.now)).status(of: [scheduled]).first)
        let fresh = ScheduleResource(status, times: 2)
        #expect(
            try bench.json(fresh) == #"{"kind":"kind","last_tick":null,"misfire":"catch_up(3)","name":"nightly","#
                + #""next_at":"2026-01-01T02:30:00.000Z","#
                + #""next_times":["2026-01-01T02:30:00.000Z","2026-01-02T02:30:00.000Z"],"pattern":"30 2 * * *","#
                + #""paused":false,"paused_since":null,"queue":"upkeep","time_zone":"UTC"}"#)

        let client = ScheduleClient(bench.client(at: Self.now + 5_000))
        try await client.pause(scheduled)
        let id = try await client.run(scheduled)
        let paused = ScheduleResource(try #require(try await client.status(of: [scheduled]).first), times: 1)
        #expect(paused.paused && paused.pausedSince == "2026-01-01T00:00:05.000Z" && paused.nextAt == nil)
        #expect(paused.nextTimes == ["2026-01-01T02:30:00.000Z"])
        #expect(
            try bench.json(try #require(paused.lastTick)) == #"{"at":"2026-01-01T00:00:05.000Z","count":1,"#
                + #""job_id":"\#(id)","judged_at":"2026-01-01T00:00:05.000Z","last_at":"2026-01-01T00:00:05.000Z","#
                + #""late_ms":0,"outcome":"manual","reason":null}"#)
        try await client.resume(scheduled)
        #expect(try await client.status(of: [scheduled]).first?.pausedSinceMilliseconds == nil)
    }

    @Test(arguments: [(CronSchedule.Misfire.skip, "skip"), (.once, "once"), (.catchUp(7), "catch_up(7)")])
    func rulesHaveNames(_ misfire: CronSchedule.Misfire, _ name: String) async throws {
        let bench = try await OperatorBench()
        let status = try #require(try await ScheduleClient(bench.client()).status(of: [scheduled(misfire)]).first)
        #expect(ScheduleResource(status, times: 1).misfire == name)
    }
}
