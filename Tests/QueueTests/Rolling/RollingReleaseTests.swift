import Redis
import TestKit
import Testing

@testable import Queue

/// Workers and producers of the release before and of this one on one queue.
@Suite(.timeLimit(.minutes(1)))
struct RollingReleaseTests {
    private func earlier(_ bench: WorkerBench, _ name: String = "earlier") -> EarlierRelease {
        EarlierRelease(redis: bench.bench.redis, keys: bench.bench.keys, worker: name)
    }

    private func job(_ kind: String, lane: String = "", key: JobKey? = nil, delay: Int64 = 0) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: kind, arguments: Array("{}".utf8),
            policy: RetryPolicy(attempts: 5, delayMilliseconds: 1), lane: lane, delayMilliseconds: delay, key: key)
    }

    @Test func bothDrainOneQueueAndEveryJobRunsOnce() async throws {
        let bench = try await WorkerBench()
        let earlier = earlier(bench)
        let plain = (0..<600).map { job("plain", delay: $0 % 3 == 0 ? 20 : 0) }
        let laned = (0..<200).map { job("laned", lane: "lane\($0 % 5)") }
        let keyed = (0..<100).map { job("keyed", key: .unique("key\($0)")) }
        let before = (0..<100).map { job("before", lane: $0 % 2 == 0 ? "lane1" : "") }
        for job in before { try await earlier.enqueue(job) }
        try await bench.bench.client().enqueue(plain + laned + keyed, to: bench.bench.queue)

        let ran = TestSignal<(JobID, Bool)>()
        let handlers = ["plain", "laned", "keyed", "before"].map { kind in
            JobHandler(kind: kind) { job in
                ran.send((job.id, true))
                return .done()
            }
        }
        let other = Task {
            var held: [EarlierRelease.Job] = []
            // Then it is stopped, as the last of its release are.
            for _ in 0..<60 {
                // One in five fails once, and may then be run by either.
                let failed = held.enumerated().filter { $0.offset % 5 == 0 && $0.element.header.contains(" 0 0 0") }
                let failedIDs = Set(failed.map(\.element.id))
                let done = held.filter { !failedIDs.contains($0.id) }
                for job in done { ran.send((job.id, false)) }
                held = try await earlier.trip(want: 7, acknowledging: done, retrying: failed.map(\.element))
            }
            for job in held { ran.send((job.id, false)) }
            _ = try await earlier.trip(want: 0, acknowledging: held)
        }
        var runs: [(JobID, Bool)] = []
        // Its slow look every 10 s finds what the other puts off without ringing: here every half second.
        let worker = bench.worker(concurrency: 8, clock: ScaledClock(speed: 20), handlers: handlers)
        try await bench.running(worker) {
            runs = await ran.next(1_000)
            try await other.value
            try await Waiting.until("an empty queue") { try await bench.isEmpty() }
        }
        let all = plain + laned + keyed + before
        #expect(runs.count == all.count && Set(runs.map(\.0)) == Set(all.map(\.id)))
        let byEarlier = Set(runs.filter { !$0.1 }.map(\.0))
        #expect(!byEarlier.isEmpty, "the earlier release took part")
        // What it cannot know it leaves to this release.
        #expect(byEarlier.isDisjoint(with: keyed.map(\.id)))
        #expect(try await bench.bench.reply("EXISTS", bench.bench.keys.keys, bench.bench.keys.jobs) == .integer(0))
    }

    /// It parks what it cannot read, and nobody behind that passes.
    @Test func theEarlierReleaseNeverRunsAnOrderedJobNorLetsAnotherPass() async throws {
        let bench = try await WorkerBench()
        let old = earlier(bench)
        let jobs = (0..<3).map { _ in
            NewJob(
                id: JobID(nowMilliseconds: 1_000), kind: "ordered", arguments: Array("{}".utf8),
                policy: RetryPolicy(attempts: 2, delayMilliseconds: 1), orderKey: "k")
        }
        try await bench.bench.client().enqueue(jobs, to: bench.bench.queue)
        var ran: [JobID] = []
        for _ in 0..<3 {
            #expect(try await old.trip(want: 9).isEmpty)
            // It was put off for a moment, which may be over.
            let claimed =
                try await bench.bench.trip("new", want: 9, at: 0).jobs
                + (try await bench.bench.trip("new", want: 9, at: .max / 4).jobs)
            #expect(claimed.count == 1)
            ran += claimed.map(\.id)
            let ends = claimed.map { Settlement(.done(), of: $0, leavesTrace: false) }
            _ = try await bench.bench.trip("new", settling: ends, at: 0)
        }
        #expect(ran == jobs.map(\.id))
    }

    @Test func eachGivesBackTheOthersClaims() async throws {
        let bench = try await WorkerBench()
        let client = bench.bench.client()
        try await client.enqueue((0..<6).map { _ in job("plain") }, to: bench.bench.queue)
        let old = earlier(bench, "old")
        #expect(try await old.trip(want: 3).count == 3)
        #expect(try await bench.bench.trip("new", want: 3, at: 0).jobs.count == 3)
        _ = try await LeaseScriptTests.reap(bench.bench, "old", at: .max / 2)
        #expect(try await bench.bench.reply("LLEN", bench.bench.keys.ready) == .integer(3))
        try await old.reap("new")
        #expect(try await bench.bench.reply("LLEN", bench.bench.keys.ready) == .integer(6))
        let again = try await bench.bench.trip(want: 9, at: 0).jobs
        #expect(again.count == 6 && again.allSatisfy { $0.envelope.crashes == 1 })
    }

    @Test func aLateAckOfEitherIsRefused() async throws {
        let bench = try await WorkerBench()
        try await bench.bench.client().enqueue([job("plain")], to: bench.bench.queue)
        let old = earlier(bench, "old")
        let held = try await old.trip(want: 1)
        _ = try await LeaseScriptTests.reap(bench.bench, "old", at: .max / 2)
        let current = try #require(try await bench.bench.trip("new", want: 1, at: 0).jobs.first)
        #expect(current.fence > held[0].fence)
        _ = try await old.trip(want: 0, acknowledging: held)
        #expect(try await bench.bench.counter("stale") == 1)
        try await old.reap("new")
        let third = try await old.trip(want: 1)
        #expect(third.first.map { $0.fence > current.fence } == true)
        let late = Settlement(.done(), of: current, leavesTrace: false)
        #expect(try await bench.bench.trip("new", settling: [late], at: 0).stale == [current.id])
    }
}
