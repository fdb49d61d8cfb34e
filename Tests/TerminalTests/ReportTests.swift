import Jobs
import Operator
import Testing

@testable import Terminal

/// What people see of each list, to the letter.
struct ReportTests {
    private static let now: Int64 = 1_767_225_600_000

    @Test func jobThatHasEnded() {
        let job = JobResource(
            FinishedJob(
                id: "1m7y5b7vbbkbn6km0000", kind: "engagement.push", queue: "webhooks", state: .done, attempts: 2,
                deferrals: 1, enqueuedAtMilliseconds: Self.now - 60_000, finishedAtMilliseconds: Self.now - 5_000,
                note: "HTTP 200"))
        #expect(
            JobReport.lines(job, nowMilliseconds: Self.now) == [
                "id         1m7y5b7vbbkbn6km0000", "state      done", "why        it is done", "queue      webhooks",
                "kind       engagement.push", "attempts   2", "deferrals  1",
                "enqueued   2025-12-31T23:59:00.000Z (60 s ago)", "finished   2025-12-31T23:59:55.000Z (5 s ago)",
                "note       HTTP 200",
            ])
    }

    @Test func buriedJobs() {
        var job = JobResource(
            FinishedJob(
                id: "1m7y5b7vbbkbn6km0000", kind: "engagement.push", queue: "webhooks", state: .dead, attempts: 3,
                finishedAtMilliseconds: Self.now))
        job.target = "twenty"
        job.maxAttempts = 3
        job.buriedAt = "2025-12-31T22:00:00.000Z"
        job.reason = "HTTP 503\nfrom a target with a very long answer that nobody can read on one line"
        let lines = DeadReport.lines(
            Page(items: [job], nextCursor: "0.1"), nowMilliseconds: Self.now, width: 120)
        #expect(
            lines == [
                "ID                    QUEUE     KIND             TARGET  TRIES  BURIED                AGE      REASON",
                "1m7y5b7vbbkbn6km0000  webhooks  engagement.push  twenty    3/3  2025-12-31T22:00:00Z  2 h ago  "
                    + "HTTP 503\\nfrom a target …", "there may be more: give a larger --limit or a filter",
            ])
        #expect(DeadReport.lines(Page(items: []), nowMilliseconds: 0, width: nil) == ["no such buried job"])
    }

    @Test func nobodyWorks() {
        #expect(WorkerReport.lines([], width: nil) == ["no worker runs"])
    }

    @Test func statusWithoutServers() {
        let status = StatusResource(
            redis: "no connection", postgres: nil, queues: [], workers: [], maximumWaitSeconds: 300)
        #expect(
            StatusReport.lines(status, width: nil) == [
                "redis     cannot be used: no connection", "postgres  ok", "", "wrong:", "  Redis: no connection", "",
                "not all is well",
            ])
        #expect(status.isServerAway && !status.ok)
    }

    @Test func kinds() {
        // Those of one time, so that a kind more is no change of this test.
        let names = [
            "endpoint.deliver", "endpoint.route", "engagement.push", "engagement.route", "engagement.upsert",
            "replay.run", "upkeep.log", "upkeep.prune",
        ]
        let kinds = KindCatalogue.standard(pushRetry: JobPolicy.internalWork).kinds.filter { names.contains($0.name) }
        #expect(
            KindReport.lines(kinds, width: 60) == [
                "KIND               QUEUE     ATTEMPTS  WHAT IT DOES",
                "endpoint.deliver   webhooks         6  Posts one event to o…",
                "endpoint.route     webhooks         5  Finds the subscripti…",
                "engagement.push    webhooks         5  Posts one engagement…",
                "engagement.route   webhooks         5  Finds the CRM target…",
                "engagement.upsert  crm              5  Writes a received pu…",
                "replay.run         upkeep           5  Works through a repl…",
                "upkeep.log         upkeep           5  Makes the coming day…",
                "upkeep.prune       upkeep           5  Takes traces of ende…",
            ])
    }

    @Test func schedulesAndTheirLedgers() throws {
        #expect(ScheduleReport.lines([ScheduleResource](), nowMilliseconds: 0, width: nil) == ["there is no schedule"])
        #expect(ScheduleReport.lines([TickResource](), width: nil) == ["no tick is recorded"])
        let ticks = [(1_500, "fired", nil), (0, "skipped", "the schedule is paused")] as [(Int64, String, String?)]
        let lines = ScheduleReport.lines(
            ticks.map {
                TickResource(
                    RecordedTick(
                        atMilliseconds: Self.now, outcome: $0.1, reason: $0.2, judgedAtMilliseconds: Self.now + $0.0))
            }, width: nil)
        #expect(
            lines == [
                "AT                    OUTCOME   LATE  COUNT  JOB  REASON",
                "2026-01-01T00:00:00Z  fired    1.5 s      1  -    -",
                "2026-01-01T00:00:00Z  skipped    0 s      1  -    the schedule is paused",
            ])
    }
}
