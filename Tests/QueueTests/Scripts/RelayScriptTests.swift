import Redis
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct RelayScriptTests {
    private func submission(_ jobs: NewJob...) -> RelayedSubmission {
        RelayedSubmission(submission: Submission(groups: [.init(jobs: jobs)]), queue: "test")
    }

    private func known(_ result: RelayResult) -> [JobID]? { if case .known(let ids) = result { ids } else { nil } }

    private func isNew(_ result: RelayResult) -> Bool {
        if case .submitted(.accepted(let groups)) = result { groups.allSatisfy { !$0.isDuplicate } } else { false }
    }

    @Test func enqueuesWhatNobodyKnowsAndKeepsTheOrder() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<3).map { _ in bench.job() }
        let results = try await bench.client().relay(jobs.map { submission($0) }, fence: 1)
        #expect(results.allSatisfy(isNew))
        #expect(try await bench.list(bench.keys.ready) == jobs.map(\.id.description))
        let before = try await bench.snapshot()
        let again = try await bench.client().relay(jobs.map { submission($0) }, fence: 2)
        #expect(again.map { known($0) } == jobs.map { [$0.id] })
        #expect(try await bench.snapshot() == before)
    }

    /// Ready, due, running, dead, ended, and a debounced one that waits for the one before it.
    @Test func knowsAJobWhereverItIs() async throws {
        let bench = try await ScriptBench()
        let client = bench.client(at: 1_000)
        let key = JobKey.debounce("k", quietMilliseconds: 0, longestMilliseconds: 0)
        func debounced() -> NewJob {
            NewJob(
                id: JobID(nowMilliseconds: 1), kind: "kind", arguments: [],
                policy: RetryPolicy(attempts: 1, delayMilliseconds: 0),
                key: key)
        }
        let (done, dead, running, follower) = (bench.job(), bench.job(attempts: 1), debounced(), debounced())
        try await client.enqueue([done, dead, running], to: bench.queue)
        let claimed = try await bench.trip(want: 3, at: 1_000).jobs
        #expect(claimed.count == 3)
        try await client.enqueue([follower], to: bench.queue)
        for job in claimed where job.id != running.id {
            let outcome: JobOutcome = job.id == done.id ? .done() : .bury(reason: "no")
            _ = try await bench.trip(settling: [Settlement(outcome, of: job, leavesTrace: true)])
        }
        let (ready, due) = (bench.job(), bench.job(delayMilliseconds: 9_000))
        try await client.enqueue([ready, due], to: bench.queue)
        let all = [done, dead, running, follower, ready, due]
        let stranger = bench.job()
        for job in all {
            #expect(known(try await client.relay([submission(job, stranger)], fence: 1)[0]) == [job.id])
        }
        #expect(try await client.unknown(of: all.map(\.id) + [stranger.id], in: bench.queue) == [stranger.id])
        #expect(try await client.unknown(of: [], in: bench.queue).isEmpty)
    }

    @Test func theLargestSubmissionIsLookedUpWhole() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<Limits.maximumJobsPerEnqueue).map { _ in bench.job() }
        let whole = RelayedSubmission(submission: Submission(groups: [.init(jobs: jobs)]), queue: "test")
        #expect(isNew(try await bench.client().relay([whole], fence: 1)[0]))
        #expect(known(try await bench.client().relay([whole], fence: 2)[0]) == jobs.map(\.id))
        #expect(try await bench.counter("enqueued") == Int64(jobs.count))
    }

    @Test func olderFenceIsRefusedWhole() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        #expect(isNew(try await client.relay([submission(bench.job())], fence: 7)[0]))
        #expect(isNew(try await client.relay([submission(bench.job())], fence: 7)[0]))
        let before = try await bench.snapshot()
        guard case .fenced(7) = try await client.relay([submission(bench.job())], fence: 6)[0] else {
            Issue.record("not refused")
            return
        }
        #expect(try await bench.snapshot() == before)
        #expect(isNew(try await client.relay([submission(bench.job())], fence: 1_234_567_890_123)[0]))
    }

    @Test func guardedSubmissionWithoutReceiptsIsEnqueuedOnce() async throws {
        let bench = try await ScriptBench()
        let submission = Submission(groups: [.init(jobs: [bench.job(), bench.job()]), .init(jobs: [])])
        let first = try await bench.client().submit(submission, to: bench.queue, isGuarded: true)
        let before = try await bench.snapshot()
        #expect(try await bench.client().submit(submission, to: bench.queue, isGuarded: true) == first)
        #expect(try await bench.snapshot() == before)
        #expect(try await bench.reply("HEXISTS", bench.keys.meta, "relay") == .integer(0))
    }

    @Test func epochChangesWithTheDataAndWithTheServersRun() async throws {
        let bench = try await ScriptBench()
        let first = try await bench.client().epoch()
        #expect(try await bench.client().epoch() == first)
        _ = try await bench.reply("DEL", CommonKeys(namespace: bench.namespace).epoch)
        let second = try await bench.client().epoch()
        #expect(first != second)
        #expect(first.split(separator: " ").last == second.split(separator: " ").last)
    }
}
