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

    /// Jobs that came in without an outbox, of whatever it waits for the end: it is told for a buried one at once, for one
    /// in a line when it is buried, and for one that runs although its worker knows the old header.
    @Test(arguments: ["", "lane"]) func whatIsLookedForTellsItsEnd(lane: String) async throws {
        let bench = try await ScriptBench()
        let client = bench.client(at: 1_000)
        func end(of job: NewJob) async throws -> String? {
            try await bench.reply("HGET", bench.keys.finished, job.id.description).string
        }
        let jobs = (0..<4).map { _ in bench.job(attempts: 2, lane: lane) }
        let (buried, running, retried, waiting) = (jobs[0], jobs[1], jobs[2], jobs[3])
        try await client.enqueue(jobs, to: bench.queue)
        let claimed = try await bench.trip(want: 3).jobs
        #expect(claimed.map(\.id) == jobs[..<3].map(\.id))
        _ = try await bench.trip(settling: [Settlement(.bury(reason: "no"), of: claimed[0], leavesTrace: false)])
        #expect(try await end(of: buried) == nil)

        #expect(try await client.unknown(of: jobs.map(\.id), in: bench.queue).isEmpty)
        #expect(try await end(of: buried) == "1000 dead kind 1 0 0\nno")
        #expect(try await end(of: running) == nil)
        let before = try await bench.snapshot()
        #expect(try await client.unknown(of: jobs.map(\.id), in: bench.queue).isEmpty)
        #expect(try await bench.snapshot() == before)

        _ = try await bench.trip(settling: [
            Settlement(.bury(reason: "never"), of: claimed[1], leavesTrace: false),
            Settlement(.retry(reason: "later"), of: claimed[2], leavesTrace: false),
        ])
        #expect(try await end(of: running) == "1000 dead kind 1 0 0\nnever")
        #expect(try await end(of: retried) == nil)
        for time in [10_000, 20_000] as [Int64] {
            for job in try await bench.trip(want: 4, at: time).jobs {
                let settlement = Settlement(.retry(reason: "again"), of: job, leavesTrace: false)
                _ = try await bench.trip(settling: [settlement], at: time)
            }
        }
        #expect(try await end(of: retried)?.hasPrefix("10000 dead kind 2 0 0") == true)
        #expect(try await end(of: waiting)?.hasPrefix("20000 dead kind 2 0 0") == true)
        let envelope = try await bench.reply("HGET", bench.keys.jobs, waiting.id.description).string ?? ""
        let read = try #require(Envelope(bytes: Array(envelope.utf8)))
        #expect(read.lane == lane && read.options.isTracked && read.arguments == waiting.envelope.arguments)
    }

    @Test func aFollowerThatIsLookedForTellsItsEnd() async throws {
        let bench = try await ScriptBench()
        let client = bench.client(at: 1_000)
        func debounced() -> NewJob {
            NewJob(
                id: JobID(nowMilliseconds: 1), kind: "kind", arguments: Array("{}".utf8),
                policy: RetryPolicy(attempts: 1, delayMilliseconds: 0),
                key: .debounce("k", quietMilliseconds: 0, longestMilliseconds: 0))
        }
        let (first, follower) = (debounced(), debounced())
        try await client.enqueue([first], to: bench.queue)
        let claimed = try await bench.trip(want: 1).jobs
        try await client.enqueue([follower], to: bench.queue)
        #expect(try await client.unknown(of: [follower.id], in: bench.queue).isEmpty)
        _ = try await bench.trip(settling: [Settlement(.done(), of: claimed[0], leavesTrace: false)])
        let last = try await bench.trip(want: 1, at: 2_000).jobs
        #expect(last.map(\.id) == [follower.id] && last[0].envelope.options.isTracked)
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
