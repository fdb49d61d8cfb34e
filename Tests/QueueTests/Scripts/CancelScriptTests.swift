import Redis
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct CancelScriptTests {
    private func state(_ bench: ScriptBench, _ id: JobID) async throws -> JobState? {
        switch try await bench.client().job(id, in: [bench.queue]) {
        case .present(let view): view.state
        case .finished(let trace): trace.state
        case nil: nil
        }
    }

    @Test(arguments: [("", 0), ("a", 0), ("", 500), ("a", 500)] as [(String, Int64)])
    func aWaitingJobIsCancelledWhereverItWaits(_ lane: String, _ delay: Int64) async throws {
        let bench = try await ScriptBench()
        let job = bench.job(delayMilliseconds: delay, lane: lane)
        let other = bench.job(lane: lane)
        try await bench.client(at: 1_000).enqueue([job, other], to: bench.queue)
        #expect(try await bench.client(at: 1_000).cancel(job.id, in: bench.queue, note: "by ann") == .cancelled)
        #expect(try await bench.client(at: 1_000).cancel(job.id, in: bench.queue) == .notFound)
        let status = try await bench.client().status(of: [bench.queue], nowMilliseconds: 0)[0]
        #expect(status.ready == 1 && status.due == 0)
        #expect(try await state(bench, job.id) == .cancelled)
        #expect(try await bench.trip(want: 9, at: 5_000).jobs.map(\.id) == [other.id])
        #expect(try await bench.counter("cancelled") == 1)
        #expect(try await bench.counter("orphans") == 0)
        #expect(try await bench.reply("EXISTS", bench.keys.cancelled) == .integer(0))
        #expect(try await bench.reply("HGET", bench.keys.lanesRunning, lane).integerValue ?? 0 == (lane == "" ? 0 : 1))
    }

    @Test func aRunningJobsWorkerIsTold() async throws {
        let bench = try await ScriptBench()
        try await bench.client(at: 1_000).enqueue([bench.job()], to: bench.queue)
        let job = try #require(try await bench.trip(want: 1).jobs.first)
        #expect(try await bench.client(at: 1_500).cancel(job.id, in: bench.queue) == .requested)
        #expect(try await bench.client(at: 1_500).cancel(job.id, in: bench.queue) == .requested)
        #expect(try await bench.trip("w2", want: 1).cancels.isEmpty)
        #expect(try await bench.trip(want: 1).cancels == [job.id])
        guard case .present(let view)? = try await bench.client().job(job.id, in: [bench.queue]) else {
            Issue.record("gone")
            return
        }
        #expect(view.obstacle == .running(worker: "w1", sinceMilliseconds: job.fence, isCancelling: true))
        let settlement = Settlement(id: job.id, fence: job.fence, change: .cancel(note: "cancelled while it ran"))
        #expect(try await bench.trip(want: 1, settling: [settlement]).cancels.isEmpty)
        #expect(try await state(bench, job.id) == .cancelled)
        #expect(try await bench.reply("EXISTS", bench.keys.cancels, bench.keys.jobs) == .integer(0))
        #expect(try await bench.trip(settling: [settlement]).stale == [job.id])
    }

    @Test(arguments: [
        JobOutcome.retry(reason: "no"), .defer(milliseconds: 5, reason: "later"), .done(note: "x"), .bury(reason: "no"),
    ])
    func aCancelledJobDoesNotGoOnWhateverItsRunSays(_ outcome: JobOutcome) async throws {
        let bench = try await ScriptBench()
        try await bench.client(at: 1_000).enqueue([bench.job()], to: bench.queue)
        let job = try #require(try await bench.trip(want: 1).jobs.first)
        _ = try await bench.client(at: 1_500).cancel(job.id, in: bench.queue)
        _ = try await bench.trip(settling: [Settlement(outcome, of: job, leavesTrace: true)])
        #expect(try await bench.trip(want: 9, at: 900_000).jobs.isEmpty)
        #expect(try await bench.reply("EXISTS", bench.keys.cancels) == .integer(0))
        let expected: JobState =
            switch outcome {
            case .done: .done
            case .bury: .dead
            default: .cancelled
            }
        #expect(try await state(bench, job.id) == expected)
    }

    @Test func aRunThatWasFasterThanTheWishToCancelItLeavesNoWish() async throws {
        let bench = try await ScriptBench()
        try await bench.client(at: 1_000).enqueue([bench.job(), bench.job()], to: bench.queue)
        let jobs = try await bench.trip(want: 2).jobs
        for job in jobs { _ = try await bench.client(at: 1_500).cancel(job.id, in: bench.queue) }
        // The plain ack of a job that leaves no trace.
        let settlement = Settlement(.done(), of: jobs[0], leavesTrace: false)
        #expect(settlement.change == .acknowledge)
        #expect(try await bench.trip(settling: [settlement]).cancels == [jobs[1].id])
        #expect(try await bench.reply("HKEYS", bench.keys.cancels) == .array([.bytes(jobs[1].id.bytes)]))
    }

    @Test func aDeadWorkersCancelledJobDoesNotRunAgain() async throws {
        let bench = try await ScriptBench()
        try await bench.client(at: 1_000).enqueue([bench.job()], to: bench.queue)
        let job = try #require(try await bench.trip(want: 1).jobs.first)
        _ = try await bench.client(at: 1_500).cancel(job.id, in: bench.queue)
        #expect(try await LeaseScriptTests.reap(bench, "w1", at: 60_000) == [0, 0, 0])
        #expect(try await state(bench, job.id) == .cancelled)
        #expect(try await bench.reply("EXISTS", bench.keys.cancels, bench.keys.jobs) == .integer(0))
    }

    @Test func theBuriedAndTheUnknownAreSaidToBe() async throws {
        let bench = try await ScriptBench()
        try await bench.client(at: 1_000).enqueue([bench.job()], to: bench.queue)
        let job = try #require(try await bench.trip(want: 1).jobs.first)
        _ = try await bench.trip(settling: [Settlement(.bury(reason: "no"), of: job, leavesTrace: false)])
        #expect(try await bench.client().cancel(job.id, in: bench.queue) == .dead)
        #expect(try await bench.client().cancel(bench.job().id, in: bench.queue) == .notFound)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct QueueLimitTests {
    @Test func aFullQueueRefusesAllOrNothingAndTakesAgainWhenThereIsRoom() async throws {
        let bench = try await ScriptBench()
        let client = QueueClient(redis: bench.redis, namespace: bench.namespace, maximumQueueLength: 3)
        try await client.enqueue([bench.job(), bench.job(lane: "a")], to: bench.queue)
        let two = Submission(groups: [.init(jobs: [bench.job(), bench.job()])])
        #expect(try await client.submit(two, to: bench.queue) == .full(waiting: 2))
        await #expect(throws: QueueError.self) {
            try await client.enqueue([bench.job(), bench.job()], to: bench.queue)
        }
        #expect(try await bench.reply("HLEN", bench.keys.jobs) == .integer(2))
        try await client.enqueue([bench.job(delayMilliseconds: 5)], to: bench.queue)
        let job = try #require(try await bench.trip(want: 1).jobs.first)
        // What is buried does not count.
        _ = try await bench.trip(settling: [Settlement(.bury(reason: "no"), of: job, leavesTrace: false)])
        try await client.enqueue([bench.job()], to: bench.queue)
    }

    @Test func pausingSilencesTheBell() async throws {
        let bench = try await ScriptBench()
        _ = try await bench.reply("HSET", bench.keys.meta, "paused", "77")
        let job = bench.job()
        try await bench.client().enqueue([job], to: bench.queue)
        let haul = try await bench.trip(want: 5)
        #expect(haul.jobs.isEmpty && haul.answer.left == 1)
        #expect(try await bench.list(bench.keys.doorbell).isEmpty)
        guard case .present(let view)? = try await bench.client().job(job.id, in: [bench.queue]) else {
            Issue.record("gone")
            return
        }
        #expect(view.obstacle == .paused(sinceMilliseconds: 77))
    }

    @Test func whyKnowsTheLineTheLaneAndTheMissingWorker() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        func obstacle(_ id: JobID) async throws -> Obstacle? {
            guard case .present(let view)? = try await client.job(id, in: [bench.queue]) else { return nil }
            return view.obstacle
        }
        let jobs = (0..<3).map { _ in bench.job(lane: "a") }
        try await client.enqueue(jobs, to: bench.queue)
        #expect(try await obstacle(jobs[2].id) == .noWorker)
        try await client.setLimits(LaneLimits(inFlight: 1), ofLane: "a", in: bench.queue)
        let running = try await bench.trip(want: 3, at: 0).jobs
        #expect(running.count == 1)
        #expect(try await obstacle(jobs[2].id) == .laneFull(running: 1, limit: 1, ahead: 1, isAtLeast: false))
        try await client.setLimits(nil, ofLane: "a", in: bench.queue)
        #expect(try await obstacle(jobs[2].id) == .inLine(ahead: 1, isAtLeast: false))
        _ = try await bench.trip(
            settling: running.map {
                Settlement(.retry(reason: "", holdLaneMilliseconds: 60_000), of: $0, leavesTrace: false)
            },
            at: 0)
        guard case .laneHeld(_, ahead: 1, isAtLeast: false)? = try await obstacle(jobs[2].id) else {
            Issue.record("not held: \(String(describing: try await obstacle(jobs[2].id)))")
            return
        }
        guard case .notDue? = try await obstacle(jobs[0].id) else {
            Issue.record("not due: \(String(describing: try await obstacle(jobs[0].id)))")
            return
        }
    }
}
