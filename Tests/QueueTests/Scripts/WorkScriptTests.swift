import Redis
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct WorkScriptTests {
    private func claimed(_ bench: ScriptBench, _ job: NewJob, at milliseconds: Int64 = 1_000) async throws -> ClaimedJob
    {
        try await bench.client(at: milliseconds).enqueue([job], to: bench.queue)
        return try #require(try await bench.trip(want: 1, at: milliseconds).jobs.first)
    }

    @Test func aClaimTakesUpToWhatIsWanted() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<5).map { bench.job("\($0)") }
        try await bench.client().enqueue(jobs, to: bench.queue)
        let haul = try await bench.trip(want: 3)
        #expect(haul.jobs.map(\.id) == jobs[..<3].map(\.id))
        #expect(haul.jobs.map(\.envelope) == jobs[..<3].map(\.envelope))
        #expect(haul.answer.left == 2)
        #expect(try await bench.reply("HLEN", bench.keys.claims(of: "w1")) == .integer(3))
        #expect(try await bench.reply("ZSCORE", bench.keys.leases, "w1").string == "1000")
    }

    @Test func fencesGrowWithEveryClaim() async throws {
        let bench = try await ScriptBench()
        let first = try await claimed(bench, bench.job())
        _ = try await bench.trip(settling: [.release(first)])
        let second = try #require(try await bench.trip("w2", want: 1).jobs.first)
        #expect(second.id == first.id)
        #expect(second.fence > first.fence)
    }

    @Test func moreThanALuaStackIsClaimedAndSettled() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<10_000).map { _ in bench.job() }
        try await bench.client().enqueue(jobs, to: bench.queue)
        let haul = try await bench.trip(want: 10_000)
        #expect(haul.jobs.map(\.id) == jobs.map(\.id))
        let acks = haul.jobs.map { Settlement(.done(), of: $0, leavesTrace: false) }
        #expect(try await bench.trip(settling: acks).stale.isEmpty)
        #expect(try await bench.reply("EXISTS", bench.keys.jobs, bench.keys.claims(of: "w1")) == .integer(0))
        #expect(try await bench.counter("done") == 10_000)
    }

    @Test func anAckLeavesNothing() async throws {
        let bench = try await ScriptBench()
        let job = try await claimed(bench, bench.job())
        let haul = try await bench.trip(settling: [Settlement(.done(), of: job, leavesTrace: false)])
        #expect(haul.stale.isEmpty)
        #expect(try await bench.snapshot() == [.array([]), .array([]), .array([]), .array([]), .array([]), .array([])])
    }

    @Test(arguments: [
        JobOutcome.done(), .done(note: "x"), .retry(reason: "no"), .defer(milliseconds: 5, reason: "later"),
        .bury(reason: "never"),
    ])
    func aStaleFenceIsRefusedWhole(_ outcome: JobOutcome) async throws {
        let bench = try await ScriptBench()
        let job = try await claimed(bench, bench.job())
        let stale = ClaimedJob(id: job.id, fence: job.fence - 1, envelope: job.envelope)
        let before = try await bench.snapshot()
        let haul = try await bench.trip(settling: [Settlement(outcome, of: stale, leavesTrace: true)])
        #expect(haul.stale == [job.id])
        #expect(try await bench.snapshot() == before)
        #expect(try await bench.counter("stale") == 1)
    }

    @Test(arguments: [
        JobOutcome.done(), .done(note: "x", then: []), .retry(reason: "no"), .defer(milliseconds: 5, reason: "later"),
        .bury(reason: "never"),
    ])
    func settlingTwiceSettlesOnce(_ outcome: JobOutcome) async throws {
        let bench = try await ScriptBench()
        let settlement = Settlement(outcome, of: try await claimed(bench, bench.job()), leavesTrace: true)
        _ = try await bench.trip(settling: [settlement])
        let before = try await bench.snapshot()
        #expect(try await bench.trip(settling: [settlement]).stale == [settlement.id])
        #expect(try await bench.snapshot() == before)
    }

    @Test func retryWaitsItsDelayWithItsError() async throws {
        let bench = try await ScriptBench()
        let job = try await claimed(bench, bench.job(#"{"a":1}"#))
        let haul = try await bench.trip(
            want: 1, settling: [Settlement(.retry(reason: "503"), of: job, leavesTrace: false)], at: 2_000)
        #expect(haul.jobs.isEmpty)
        #expect(haul.answer.untilDueMilliseconds == 5_000)
        #expect(try await bench.reply("HGET", bench.keys.errors, job.id.description).string == "2000 503")
        #expect(try await bench.trip(want: 1, at: 6_999).jobs.isEmpty)
        let again = try #require(try await bench.trip(want: 1, at: 7_000).jobs.first)
        #expect(again.envelope.attempts == 1)
        #expect(again.envelope.arguments == Array(#"{"a":1}"#.utf8))
    }

    @Test func theLastFailureBuriesWithItsReason() async throws {
        let bench = try await ScriptBench()
        let job = try await claimed(bench, bench.job(attempts: 1))
        _ = try await bench.trip(settling: [Settlement(.retry(reason: "gone"), of: job, leavesTrace: false)], at: 3_000)
        let page = try await bench.client().dead(in: bench.queue, limit: 10)
        let buried = try #require(page.jobs.first)
        #expect(buried.id == job.id)
        #expect(buried.lastError?.message == "gone")
        #expect(buried.atMilliseconds == 3_000)
        #expect(buried.envelope.attempts == 1)
    }

    @Test func followersComeWithTheAck() async throws {
        let bench = try await ScriptBench()
        let job = try await claimed(bench, bench.job())
        let (now, later) = (bench.job("1"), bench.job("2", delayMilliseconds: 50))
        let outcome = JobOutcome.done(note: "", then: [now, later])
        let haul = try await bench.trip(want: 5, settling: [Settlement(outcome, of: job, leavesTrace: false)])
        #expect(haul.jobs.map(\.id) == [now.id])
        #expect(haul.answer.untilDueMilliseconds == 50)
    }

    @Test func keepReplacesTheArgumentsUnderTheClaim() async throws {
        let bench = try await ScriptBench()
        let job = try await claimed(bench, bench.job(#"{"old":true}"#))
        let kept = Array(#"{"new":true}"#.utf8)
        let haul = try await bench.trip(settling: [
            Settlement(id: job.id, fence: job.fence, change: .keep(header: "", arguments: kept))
        ])
        #expect(haul.stale.isEmpty)
        _ = try await bench.trip(settling: [Settlement.release(job)])
        let again = try #require(try await bench.trip(want: 1).jobs.first)
        #expect(again.envelope.arguments == kept)
        #expect(again.envelope.attempts == 0)
    }

    @Test func dueJobsArePromotedInOrderOfTheirTime() async throws {
        let bench = try await ScriptBench()
        let delays: [Int64] = [300, 100, 200, 900]
        let jobs = delays.map { bench.job("\($0)", delayMilliseconds: $0) }
        try await bench.client(at: 1_000).enqueue(jobs, to: bench.queue)
        let haul = try await bench.trip(want: 10, at: 1_300)
        #expect(haul.jobs.map(\.envelope.arguments) == ["100", "200", "300"].map { Array($0.utf8) })
        #expect(haul.answer.untilDueMilliseconds == 600)
    }

    @Test func promotionIsBoundedAndSaysThatMoreIsDue() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<(Limits.promotedPerClaim + 1)).map { _ in bench.job(delayMilliseconds: 10) }
        try await bench.client(at: 1_000).enqueue(jobs, to: bench.queue)
        let haul = try await bench.trip(want: 1_000, at: 2_000)
        #expect(haul.jobs.count == Limits.promotedPerClaim)
        #expect(haul.answer.untilDueMilliseconds == 0)
    }

    @Test func theDeadSetIsCappedAndTheDroppedLeaveATrace() async throws {
        let bench = try await ScriptBench()
        var ids: [JobID] = []
        for number in 0..<5 {
            let job = try await claimed(bench, bench.job())
            ids.append(job.id)
            let bury = Settlement(.bury(reason: "r\(number)"), of: job, leavesTrace: false)
            _ = try await bench.trip(settling: [bury], at: 2_000 + Int64(number), mostDead: 3)
        }
        let page = try await bench.client().dead(in: bench.queue, limit: 10)
        #expect(page.jobs.map(\.id) == ids[2...].reversed())
        #expect(try await bench.counter("dead_dropped") == 2)
        #expect(try await bench.reply("HLEN", bench.keys.jobs) == .integer(3))
        let traces = try await bench.client().finishedTraces(of: bench.queue, count: 10)
        #expect(Set(traces.map(\.id)) == Set(ids[..<2]))
        #expect(traces.allSatisfy { $0.state == .dead && ["r0", "r1"].contains($0.note) })
    }

    @Test func anOldBuriedJobIsDropped() async throws {
        let bench = try await ScriptBench()
        let old = try await claimed(bench, bench.job())
        _ = try await bench.trip(settling: [Settlement(.bury(reason: "old"), of: old, leavesTrace: false)], at: 1_000)
        let later = 2_000 + Limits.maximumDeadAgeMilliseconds
        let new = try await claimed(bench, bench.job())
        _ = try await bench.trip(settling: [Settlement(.bury(reason: "new"), of: new, leavesTrace: false)], at: later)
        #expect(try await bench.client().dead(in: bench.queue, limit: 10).jobs.map(\.id) == [new.id])
    }

    @Test func aTraceWaitsForTheRecorder() async throws {
        let bench = try await ScriptBench()
        let job = try await claimed(bench, bench.job())
        _ = try await bench.trip(settling: [Settlement(.done(note: "200\nOK"), of: job, leavesTrace: true)], at: 4_000)
        let trace = try #require(try await bench.client().finishedTraces(of: bench.queue, count: 10).first)
        #expect(trace.id == job.id)
        #expect(trace.state == .done && trace.attempts == 1 && trace.finishedAtMilliseconds == 4_000)
        #expect(trace.note == "200\nOK")
        #expect(try await bench.client().job(job.id, in: [bench.queue]) == .finished(trace))
        try await bench.client().forget([trace], of: bench.queue)
        #expect(try await bench.client().job(job.id, in: [bench.queue]) == nil)
    }

    @Test func anIdWithoutAnEnvelopeIsCountedAndPassedOver() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<3).map { _ in bench.job() }
        try await bench.client().enqueue(jobs, to: bench.queue)
        _ = try await bench.reply("HDEL", bench.keys.jobs, jobs[1].id.description)
        #expect(try await bench.trip(want: 3).jobs.map(\.id) == [jobs[0].id, jobs[2].id])
        #expect(try await bench.counter("orphans") == 1)
        #expect(try await bench.reply("HLEN", bench.keys.claims(of: "w1")) == .integer(2))
    }

    @Test func anEnvelopeOfALaterReleaseIsPutBack() async throws {
        let bench = try await ScriptBench()
        let job = bench.job()
        try await bench.client().enqueue([job], to: bench.queue)
        _ = try await bench.reply("HSET", bench.keys.jobs, job.id.description, "3 kind new-fields\n{}")
        let haul = try await bench.trip(want: 1)
        #expect(haul.jobs.isEmpty)
        _ = try await bench.trip(settling: haul.unreadable)
        #expect(try await bench.reply("HGET", bench.keys.jobs, job.id.description).string == "3 kind new-fields\n{}")
        #expect(try await bench.reply("ZCARD", bench.keys.due) == .integer(1))
        #expect(try await bench.counter("parked") == 1)
    }

    @Test func aPausedQueueGivesNothing() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue([bench.job()], to: bench.queue)
        _ = try await bench.reply("HSET", bench.keys.meta, "paused", "1")
        #expect(try await bench.trip(want: 1).jobs.isEmpty)
        _ = try await bench.reply("HDEL", bench.keys.meta, "paused")
        #expect(try await bench.trip(want: 1).jobs.count == 1)
    }

    @Test func leftWorkWakesAnotherAndNoneSilencesTheBell() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue([bench.job(), bench.job()], to: bench.queue)
        _ = try await bench.reply("DEL", bench.keys.doorbell)
        _ = try await bench.trip(want: 1)
        #expect(try await bench.list(bench.keys.doorbell).count == 1)
        _ = try await bench.trip(want: 1)
        #expect(try await bench.list(bench.keys.doorbell).isEmpty)
    }
}
