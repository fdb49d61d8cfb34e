import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct UniqueScriptTests {
    private func job(_ bench: ScriptBench, _ key: String = "k", lifetime: Int64 = 60_000, lane: String = "") -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: Array("{}".utf8),
            policy: RetryPolicy(attempts: 2, delayMilliseconds: 5_000), lane: lane,
            key: .unique(key, lifetimeMilliseconds: lifetime))
    }

    private func enqueue(
        _ bench: ScriptBench, _ job: NewJob, at now: Int64 = 1_000
    ) async throws
        -> SubmissionResult.Item
    { try #require(try await bench.client(at: now).enqueue([job], to: bench.queue).first) }

    @Test(arguments: ["", "lane"]) func theSecondGetsTheFirstOnesID(_ lane: String) async throws {
        let bench = try await ScriptBench()
        let first = job(bench, lane: lane)
        #expect(try await enqueue(bench, first) == .init(id: first.id, isDuplicate: false))
        #expect(try await enqueue(bench, job(bench, lane: lane)) == .init(id: first.id, isDuplicate: true))
        let other = job(bench, "other")
        #expect(try await enqueue(bench, other).id == other.id)
        #expect(try await bench.reply("HLEN", bench.keys.jobs) == .integer(2))
        // Also while it runs.
        _ = try await bench.trip(want: 5)
        #expect(try await enqueue(bench, job(bench)).isDuplicate)
    }

    @Test func mixedGroupsSayWhichJobDoesTheWork() async throws {
        let bench = try await ScriptBench()
        let first = job(bench)
        _ = try await enqueue(bench, first)
        let (plain, again) = (bench.job(), job(bench))
        let items = try await bench.client(at: 1_000).enqueue([plain, again], to: bench.queue)
        #expect(items == [.init(id: plain.id, isDuplicate: false), .init(id: first.id, isDuplicate: true)])
    }

    @Test(arguments: [JobOutcome.done(), .done(note: "x"), .bury(reason: "no")])
    func everyEndFreesTheKey(_ outcome: JobOutcome) async throws {
        let bench = try await ScriptBench()
        _ = try await enqueue(bench, job(bench))
        let claimed = try #require(try await bench.trip(want: 1).jobs.first)
        _ = try await bench.trip(settling: [Settlement(outcome, of: claimed, leavesTrace: false)])
        #expect(try await bench.reply("EXISTS", bench.keys.keys) == .integer(0))
        #expect(try await enqueue(bench, job(bench)).isDuplicate == false)
    }

    @Test(arguments: [JobOutcome.retry(reason: "no"), .defer(milliseconds: 5, reason: "later")])
    func aJobThatGoesOnKeepsIt(_ outcome: JobOutcome) async throws {
        let bench = try await ScriptBench()
        let first = job(bench)
        _ = try await enqueue(bench, first)
        let claimed = try #require(try await bench.trip(want: 1).jobs.first)
        _ = try await bench.trip(settling: [Settlement(outcome, of: claimed, leavesTrace: false)])
        #expect(try await enqueue(bench, job(bench)) == .init(id: first.id, isDuplicate: true))
    }

    @Test func cancellingAndQuarantineFreeTheKey() async throws {
        let bench = try await ScriptBench()
        let first = job(bench)
        _ = try await enqueue(bench, first)
        #expect(try await bench.client().cancel(first.id, in: bench.queue) == .cancelled)
        #expect(try await bench.reply("EXISTS", bench.keys.keys) == .integer(0))
        _ = try await enqueue(bench, job(bench))
        for round in 0..<Limits.crashesUntilQuarantine {
            let now = Int64(1_000 + round * 100_000)
            _ = try await bench.trip("w\(round)", want: 2, at: now)
            _ = try await LeaseScriptTests.reap(bench, "w\(round)", at: now + 50_000)
        }
        #expect(try await bench.reply("ZCARD", bench.keys.dead) == .integer(1))
        #expect(try await bench.reply("EXISTS", bench.keys.keys) == .integer(0))
    }

    @Test func aKeyRunsOutAndAKeyWithoutItsJobHoldsNobodyUp() async throws {
        let bench = try await ScriptBench()
        _ = try await enqueue(bench, job(bench, lifetime: 500), at: 1_000)
        #expect(try await enqueue(bench, job(bench), at: 1_499).isDuplicate)
        let next = job(bench)
        #expect(try await enqueue(bench, next, at: 1_500) == .init(id: next.id, isDuplicate: false))
        _ = try await bench.reply("HDEL", bench.keys.jobs, next.id.description)
        #expect(try await enqueue(bench, job(bench), at: 1_501).isDuplicate == false)
    }

    @Test func aRevivedJobTakesItsKeyAgainUnlessAnotherHasIt() async throws {
        let bench = try await ScriptBench()
        _ = try await enqueue(bench, job(bench))
        let claimed = try #require(try await bench.trip(want: 1).jobs.first)
        _ = try await bench.trip(settling: [Settlement(.bury(reason: "no"), of: claimed, leavesTrace: false)])
        let second = job(bench)
        _ = try await enqueue(bench, second)
        #expect(try await bench.client().retryDead(in: bench.queue) == 0)
        #expect(try await bench.client().cancel(second.id, in: bench.queue) == .cancelled)
        #expect(try await bench.client().retryDead(in: bench.queue) == 1)
        #expect(try await enqueue(bench, job(bench)) == .init(id: claimed.id, isDuplicate: true))
    }

    @Test func followersMayHaveKeys() async throws {
        let bench = try await ScriptBench()
        let first = job(bench)
        _ = try await enqueue(bench, first)
        try await bench.client().enqueue([bench.job()], to: bench.queue)
        let claimed = try await bench.trip(want: 2).jobs
        let plain = try #require(claimed.first { $0.id != first.id })
        let outcome = JobOutcome.done(then: [job(bench), job(bench, "new", lane: "a")])
        _ = try await bench.trip(settling: [Settlement(outcome, of: plain, leavesTrace: false)])
        #expect(try await bench.trip(want: 9).jobs.map(\.envelope.options.uniqueKey) == ["new"])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct DebounceScriptTests {
    private func job(
        _ text: String, quiet: Int64 = 3_000, longest: Int64 = 15_000, lane: String = "", key: String = "call"
    ) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "push", arguments: Array(text.utf8),
            policy: RetryPolicy(attempts: 2, delayMilliseconds: 5_000), lane: lane,
            key: .debounce(key, quietMilliseconds: quiet, longestMilliseconds: longest))
    }

    private func enqueue(_ bench: ScriptBench, _ job: NewJob, at now: Int64) async throws -> SubmissionResult.Item {
        try #require(try await bench.client(at: now).enqueue([job], to: bench.queue).first)
    }

    private func run(_ bench: ScriptBench, at now: Int64) async throws -> [String] {
        let jobs = try await bench.trip(want: 9, at: now).jobs
        let acks = jobs.map { Settlement(.done(), of: $0, leavesTrace: false) }
        _ = try await bench.trip(settling: acks, at: now)
        return jobs.map { String(decoding: $0.envelope.arguments, as: UTF8.self) }
    }

    @Test(arguments: ["", "lane"]) func oneRunAfterAQuietTimeWithTheNewestData(_ lane: String) async throws {
        let bench = try await ScriptBench()
        let first = job("1", lane: lane)
        #expect(try await enqueue(bench, first, at: 0 + 10_000) == .init(id: first.id, isDuplicate: false))
        #expect(try await enqueue(bench, job("2", lane: lane), at: 12_000) == .init(id: first.id, isDuplicate: true))
        #expect(try await enqueue(bench, job("3", lane: lane), at: 14_500).id == first.id)
        #expect(try await run(bench, at: 17_499) == [])
        #expect(try await run(bench, at: 17_500) == ["3"])
        #expect(try await bench.reply("EXISTS", bench.keys.keys, bench.keys.next, bench.keys.jobs) == .integer(0))
        let next = job("4", lane: lane)
        #expect(try await enqueue(bench, next, at: 18_000) == .init(id: next.id, isDuplicate: false))
    }

    @Test func neverLaterThanTheLongestWait() async throws {
        let bench = try await ScriptBench()
        var runs: [Int64] = []
        for now in stride(from: Int64(10_000), through: 60_000, by: 1_000) {
            _ = try await enqueue(bench, job("\(now)"), at: now)
            if try await !run(bench, at: now).isEmpty { runs.append(now) }
        }
        #expect(runs == [25_000, 41_000, 57_000])
    }

    @Test func whatComesWhileItRunsMakesItRunOnceMore() async throws {
        let bench = try await ScriptBench()
        let first = job("1")
        _ = try await enqueue(bench, first, at: 10_000)
        let running = try #require(try await bench.trip(want: 1, at: 13_000).jobs.first)
        let second = job("2")
        #expect(try await enqueue(bench, second, at: 13_500) == .init(id: second.id, isDuplicate: false))
        #expect(try await enqueue(bench, job("3"), at: 14_000) == .init(id: second.id, isDuplicate: true))
        #expect(try await bench.trip(want: 9, at: 20_000).jobs.isEmpty)
        guard case .present(let view)? = try await bench.client().job(second.id, in: [bench.queue]) else {
            Issue.record("the job that follows is not found")
            return
        }
        #expect(view.obstacle == .follows(first.id) && view.state == .due && view.atMilliseconds == 17_000)
        _ = try await bench.trip(settling: [Settlement(.done(), of: running, leavesTrace: false)], at: 15_000)
        #expect(try await run(bench, at: 16_999) == [])
        #expect(try await run(bench, at: 17_000) == ["3"])
        #expect(try await bench.reply("EXISTS", bench.keys.keys, bench.keys.next, bench.keys.jobs) == .integer(0))
        #expect(try await bench.counter("enqueued") == 2)
    }

    @Test func aFailedRunWhoseDataAreOldGivesWayToTheNewer() async throws {
        let bench = try await ScriptBench()
        let first = job("1")
        _ = try await enqueue(bench, first, at: 10_000)
        let running = try #require(try await bench.trip(want: 1, at: 13_000).jobs.first)
        let second = job("2")
        _ = try await enqueue(bench, second, at: 13_500)
        _ = try await bench.trip(
            settling: [Settlement(.retry(reason: "500"), of: running, leavesTrace: false)], at: 14_000)
        guard case .finished(let trace)? = try await bench.client().job(first.id, in: [bench.queue]) else {
            Issue.record("no trace of the superseded job")
            return
        }
        #expect(trace.state == .cancelled && trace.note == "superseded by \(second.id)")
        // Not before the retry would have been.
        #expect(try await run(bench, at: 18_999) == [])
        #expect(try await run(bench, at: 19_000) == ["2"])
    }

    @Test func newerDataTakeThePlaceOfAJobThatWaitsToBeRetried() async throws {
        let bench = try await ScriptBench()
        _ = try await enqueue(bench, job("1"), at: 10_000)
        let running = try #require(try await bench.trip(want: 1, at: 13_000).jobs.first)
        _ = try await bench.trip(
            settling: [Settlement(.retry(reason: "500"), of: running, leavesTrace: false)], at: 13_000)
        let second = job("2")
        #expect(try await enqueue(bench, second, at: 13_500) == .init(id: second.id, isDuplicate: false))
        #expect(try await bench.reply("HLEN", bench.keys.jobs) == .integer(1))
        #expect(try await run(bench, at: 17_999) == [])
        #expect(try await run(bench, at: 18_000) == ["2"])
    }

    @Test func newestDataReachAJobThatStandsInLine() async throws {
        let bench = try await ScriptBench()
        _ = try await enqueue(bench, job("1", lane: "a"), at: 10_000)
        _ = try await bench.trip(want: 0, at: 13_000)
        #expect(try await enqueue(bench, job("2", lane: "a"), at: 13_001).isDuplicate)
        #expect(try await run(bench, at: 13_002) == ["2"])
    }

    @Test func flushingRunsItNow() async throws {
        let bench = try await ScriptBench()
        #expect(try await bench.client(at: 1_000).flush(debounceKey: "call", in: bench.queue) == nil)
        let first = job("1", lane: "a")
        _ = try await enqueue(bench, first, at: 10_000)
        #expect(try await bench.client(at: 10_500).flush(debounceKey: "call", in: bench.queue) == first.id)
        #expect(try await bench.client(at: 10_501).flush(debounceKey: "call", in: bench.queue) == first.id)
        let running = try await bench.trip(want: 9, at: 10_502).jobs
        #expect(running.map(\.id) == [first.id])
        // While it runs, flushing hurries the one that follows.
        let second = job("2", lane: "a")
        _ = try await enqueue(bench, second, at: 10_600)
        #expect(try await bench.client(at: 10_700).flush(debounceKey: "call", in: bench.queue) == second.id)
        _ = try await bench.trip(settling: [Settlement(.done(), of: running[0], leavesTrace: false)], at: 10_800)
        #expect(try await run(bench, at: 10_800) == ["2"])
    }

    @Test func followersCanBeCancelled() async throws {
        let bench = try await ScriptBench()
        _ = try await enqueue(bench, job("1"), at: 10_000)
        let running = try #require(try await bench.trip(want: 1, at: 13_000).jobs.first)
        let second = job("2")
        _ = try await enqueue(bench, second, at: 13_500)
        #expect(try await bench.client(at: 13_600).cancel(second.id, in: bench.queue) == .cancelled)
        _ = try await bench.trip(settling: [Settlement(.done(), of: running, leavesTrace: false)], at: 14_000)
        #expect(try await run(bench, at: 99_000) == [])
        #expect(try await bench.reply("EXISTS", bench.keys.keys, bench.keys.next, bench.keys.jobs) == .integer(0))
    }

    /// Random arrivals, runs of random length and random failures, beside a model in a few lines: what was run last is what
    /// came last, no run is later than the longest wait after the first arrival that it stands for, and nothing is left.
    @Test(arguments: 0..<8) func randomHistoriesEndWithTheNewestData(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = SeededRandom(seed: seed)
        let bench = try await ScriptBench()
        var (now, last, lastRun) = (Int64(10_000), "", "")
        var oldestUnsent: Int64?
        var running: (job: ClaimedJob, end: Int64)?
        for step in 0..<300 {
            now += .random(in: 1...800, using: &random)
            if let current = running, current.end <= now {
                let fails = Int.random(in: 0...3, using: &random) == 0
                let outcome = fails ? JobOutcome.retry(reason: "no") : .done()
                _ = try await bench.trip(settling: [Settlement(outcome, of: current.job, leavesTrace: false)], at: now)
                if !fails { lastRun = String(decoding: current.job.envelope.arguments, as: UTF8.self) }
                running = nil
            }
            if step < 250, Int.random(in: 0...2, using: &random) == 0 {
                last = "\(step)"
                _ = try await enqueue(bench, job(last), at: now)
                oldestUnsent = oldestUnsent ?? now
            }
            if running == nil, let claimed = try await bench.trip(want: 3, at: now).jobs.first {
                running = (claimed, now + .random(in: 1...4_000, using: &random))
                oldestUnsent = nil
            } else if running == nil, let since = oldestUnsent {
                // 15 s from the first arrival, and 5 s more when a failed run stood before it.
                #expect(now - since <= 15_000 + 5_000 + 4_000, "seed \(seed)")
            }
        }
        for _ in 0..<20 {
            now += 20_000
            if let current = running {
                _ = try await bench.trip(
                    settling: [Settlement(.done(), of: current.job, leavesTrace: false)], at: now)
                lastRun = String(decoding: current.job.envelope.arguments, as: UTF8.self)
            }
            running = try await bench.trip(want: 3, at: now).jobs.first.map { ($0, now) }
        }
        let dead = try await bench.reply("ZCARD", bench.keys.dead).integerValue ?? 0
        #expect(lastRun == last || dead > 0, "seed \(seed)")
        #expect(try await bench.reply("EXISTS", bench.keys.keys, bench.keys.next) == .integer(0), "seed \(seed)")
    }
}
