import Redis
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct EnqueueScriptTests {
    @Test func readyJobsKeepTheirOrder() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<2_500).map { bench.job("\($0)") }
        try await bench.client().enqueue(jobs, to: bench.queue)
        #expect(try await bench.list(bench.keys.ready) == jobs.map(\.id.description))
        #expect(try await bench.reply("HLEN", bench.keys.jobs) == .integer(2_500))
        #expect(
            try await bench.reply("HGET", bench.keys.jobs, jobs[7].id.description) == .bytes(jobs[7].envelope.bytes))
        #expect(try await bench.counter("enqueued") == 2_500)
    }

    @Test func delayedJobsAreDueByRedisTime() async throws {
        let bench = try await ScriptBench()
        let job = bench.job(delayMilliseconds: 500)
        try await bench.client(at: 10_000).enqueue([job], to: bench.queue)
        #expect(try await bench.reply("ZSCORE", bench.keys.due, job.id.description).string == "10500")
        #expect(try await bench.list(bench.keys.ready).isEmpty)
    }

    @Test func theDoorbellIsCapped() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue([bench.job()], to: bench.queue)
        #expect(try await bench.list(bench.keys.doorbell).count == 1)
        try await bench.client().enqueue((0..<100).map { _ in bench.job() }, to: bench.queue)
        #expect(try await bench.list(bench.keys.doorbell).count == Limits.maximumDoorbellTokens)
    }

    @Test func onlyAnEarlierDueTimeRings() async throws {
        let bench = try await ScriptBench()
        let client = bench.client(at: 1_000)
        try await client.enqueue([bench.job(delayMilliseconds: 500)], to: bench.queue)
        #expect(try await bench.list(bench.keys.doorbell).count == 1)
        try await client.enqueue([bench.job(delayMilliseconds: 900)], to: bench.queue)
        #expect(try await bench.list(bench.keys.doorbell).count == 1)
        try await client.enqueue([bench.job(delayMilliseconds: 100)], to: bench.queue)
        #expect(try await bench.list(bench.keys.doorbell).count == 2)
    }

    @Test func aReceiptAnswersForItsGroup() async throws {
        let bench = try await ScriptBench()
        let receipt = Receipt(key: "event-1", digest: "d1")
        let first = bench.job()
        let group = Submission.Group(receipt: receipt, jobs: [first])
        let result = try await bench.client().submit(Submission(groups: [group]), to: bench.queue)
        #expect(result == .accepted([.init(ids: [first.id], isDuplicate: false)]))
        let before = try await bench.snapshot()

        let again = Submission.Group(receipt: receipt, jobs: [bench.job()])
        let other = Submission.Group(jobs: [])
        let second = try await bench.client().submit(Submission(groups: [again, other]), to: bench.queue)
        #expect(second == .accepted([.init(ids: [first.id], isDuplicate: true), .init(ids: [], isDuplicate: false)]))
        #expect(try await bench.snapshot() == before)
        let lifetime = try await bench.reply("PTTL", bench.keys.receipt("event-1")).integerValue ?? 0
        #expect((1...Limits.receiptLifetimeMilliseconds).contains(lifetime))
    }

    @Test func anotherDigestUnderOneKeyIsAConflictAndChangesNothing() async throws {
        let bench = try await ScriptBench()
        func group(_ digest: String) -> Submission.Group {
            .init(receipt: Receipt(key: "event-1", digest: digest), jobs: [bench.job()])
        }
        _ = try await bench.client().submit(Submission(groups: [group("a")]), to: bench.queue)
        let before = try await bench.snapshot()
        let submission = Submission(groups: [.init(jobs: [bench.job()]), group("b")])
        #expect(try await bench.client().submit(submission, to: bench.queue) == .conflict(group: 1))
        #expect(try await bench.snapshot() == before)
    }

    @Test func twinsInOneSubmissionAreEnqueuedOnce() async throws {
        let bench = try await ScriptBench()
        let receipt = Receipt(key: "event-1", digest: "a")
        let (first, second) = (bench.job(), bench.job())
        let groups = [first, second].map { Submission.Group(receipt: receipt, jobs: [$0]) }
        let result = try await bench.client().submit(Submission(groups: groups), to: bench.queue)
        #expect(
            result
                == .accepted([.init(ids: [first.id], isDuplicate: false), .init(ids: [first.id], isDuplicate: true)]))
        #expect(try await bench.list(bench.keys.ready) == [first.id.description])

        let differing = Submission(groups: [
            .init(receipt: Receipt(key: "event-2", digest: "a"), jobs: [bench.job()]),
            .init(receipt: Receipt(key: "event-2", digest: "b"), jobs: [bench.job()]),
        ])
        #expect(try await bench.client().submit(differing, to: bench.queue) == .conflict(group: 1))
        #expect(try await bench.list(bench.keys.ready).count == 1)
    }

    @Test func aRequestReceiptAnswersForTheWholeSubmission() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<3).map { _ in bench.job() }
        let groups = [Submission.Group(jobs: [jobs[0], jobs[1]]), .init(jobs: []), .init(jobs: [jobs[2]])]
        let submission = Submission(receipt: Receipt(key: "request", digest: "d"), groups: groups)
        _ = try await bench.client().submit(submission, to: bench.queue)
        let before = try await bench.snapshot()
        let again = try await bench.client().submit(submission, to: bench.queue)
        #expect(
            again
                == .accepted([
                    .init(ids: [jobs[0].id, jobs[1].id], isDuplicate: true), .init(ids: [], isDuplicate: true),
                    .init(ids: [jobs[2].id], isDuplicate: true),
                ]))
        let other = Submission(receipt: Receipt(key: "request", digest: "e"), groups: groups)
        #expect(try await bench.client().submit(other, to: bench.queue) == .conflict(group: nil))
        #expect(try await bench.snapshot() == before)
    }

    @Test func limitsAreRefusedBeforeRedisHears() async throws {
        let bench = try await ScriptBench()
        let large = bench.job(String(repeating: "x", count: Limits.maximumArgumentsBytes + 1))
        await #expect(throws: QueueError.self) { try await bench.client().enqueue([large], to: bench.queue) }
        let many = Array(repeating: bench.job(), count: Limits.maximumJobsPerEnqueue + 1)
        await #expect(throws: QueueError.self) { try await bench.client().enqueue(many, to: bench.queue) }
        #expect(try await bench.list(bench.keys.ready).isEmpty)
    }
}
