import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct JobWorkerTests {
    @Test func everyJobRunsOnceAndNothingIsLeft() async throws {
        let bench = try await WorkerBench()
        let jobs = (0..<5_000).map { bench.job("\($0)") }
        try await bench.bench.client().enqueue(jobs, to: bench.bench.queue)
        let ran = TestSignal<JobID>()
        let handler = JobHandler(kind: "kind") { job in
            ran.send(job.id)
            return .done()
        }
        var ids: [JobID] = []
        try await bench.running(bench.worker(handlers: [handler])) { ids = await ran.next(5_000) }
        #expect(Set(ids) == Set(jobs.map(\.id)))
        #expect(try await bench.isEmpty())
        #expect(try await bench.bench.counter("done") == 5_000)
        #expect(try await bench.bench.reply("EXISTS", bench.bench.keys.leases) == .integer(0), "the worker left")
    }

    @Test func aWorkerWhoseTaskIsCancelledUnderLoadGivesEverythingBack() async throws {
        let bench = try await WorkerBench()
        let jobs = (0..<5_000).map { bench.job("\($0)") }
        try await bench.bench.client().enqueue(jobs, to: bench.bench.queue)
        let ran = TestSignal<JobID>()
        let handler = JobHandler(kind: "kind") { job in
            ran.send(job.id)
            await Task.yield()
            return .done()
        }
        let worker = bench.worker(concurrency: 64, handlers: [handler])
        let run = Task { try await worker.run() }
        _ = await ran.next(300)
        run.cancel()
        try await run.value
        let keys = bench.bench.keys
        let done = try await bench.bench.counter("done")
        #expect(done >= 300 - 64)
        #expect(try await bench.bench.reply("EXISTS", keys.leases) == .integer(0), "the worker left")
        #expect(try await bench.bench.reply("LLEN", keys.ready) == .integer(5_000 - Int64(done)))
        #expect(try await bench.bench.reply("HLEN", keys.jobs) == .integer(5_000 - Int64(done)))
    }

    @Test func anIdleWorkerHearsTheDoorbell() async throws {
        let bench = try await WorkerBench()
        let ran = TestSignal<JobID>()
        let handler = JobHandler(kind: "kind") { job in
            ran.send(job.id)
            return .done()
        }
        try await bench.running(bench.worker(handlers: [handler])) {
            for _ in 0..<20 {
                let job = bench.job()
                try await bench.bench.client().enqueue([job], to: bench.bench.queue)
                #expect(await ran.next() == job.id)
            }
        }
    }

    @Test func delayedJobsRunWhenDueAndNotBefore() async throws {
        let bench = try await WorkerBench()
        let ran = TestSignal<ContinuousClock.Instant>()
        let handler = JobHandler(kind: "kind") { _ in
            ran.send(.now)
            return .done()
        }
        try await bench.running(bench.worker(handlers: [handler])) {
            let enqueued = ContinuousClock.now
            try await bench.bench.client().enqueue([bench.job(delay: 300)], to: bench.bench.queue)
            let at = try #require(await ran.next())
            #expect(at - enqueued >= .milliseconds(299))
        }
    }

    @Test func mAttemptsNMillisecondsApartThenTheDeadSet() async throws {
        let bench = try await WorkerBench()
        let ran = TestSignal<(Int, ContinuousClock.Instant)>()
        let handler = JobHandler(kind: "kind") { job in
            ran.send((job.attempt, .now))
            return .retry(reason: "target said 500")
        }
        let job = bench.job(attempts: 3, retryDelay: 150)
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        var runs: [(Int, ContinuousClock.Instant)] = []
        try await bench.running(bench.worker(handlers: [handler])) { runs = await ran.next(3) }
        #expect(runs.map(\.0) == [1, 2, 3])
        #expect(zip(runs, runs.dropFirst()).allSatisfy { $1.1 - $0.1 >= .milliseconds(149) })
        guard case .present(let view)? = try await bench.bench.client().job(job.id, in: [bench.bench.queue]) else {
            Issue.record("gone")
            return
        }
        #expect(view.state == .dead && view.envelope.attempts == 3 && view.lastError?.message == "target said 500")
    }

    @Test func aThrownErrorSpendsAnAttempt() async throws {
        struct Broken: Error {}
        let bench = try await WorkerBench()
        let ran = TestSignal<Int>()
        let handler = JobHandler(kind: "kind") { job in
            ran.send(job.attempt)
            if job.attempt == 1 { throw Broken() }
            return .done()
        }
        try await bench.bench.client().enqueue([bench.job()], to: bench.bench.queue)
        try await bench.running(bench.worker(handlers: [handler])) { #expect(await ran.next(2) == [1, 2]) }
        #expect(try await bench.isEmpty())
    }

    @Test func keptArgumentsComeBackAtTheNextAttempt() async throws {
        let bench = try await WorkerBench()
        let ran = TestSignal<String>()
        let handler = JobHandler(kind: "kind") { job in
            ran.send(String(decoding: job.arguments, as: UTF8.self))
            guard job.attempt == 1 else { return .done() }
            try await job.keep(arguments: Array(#"{"kept":1}"#.utf8))
            return .retry(reason: "again")
        }
        try await bench.bench.client().enqueue([bench.job()], to: bench.bench.queue)
        try await bench.running(bench.worker(handlers: [handler])) {
            #expect(await ran.next(2) == ["{}", #"{"kept":1}"#])
        }
    }

    @Test func anUnknownKindIsPutOffForAnotherWorker() async throws {
        let bench = try await WorkerBench()
        let marker = NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "known", arguments: [],
            policy: RetryPolicy(attempts: 1, delayMilliseconds: 0))
        let ran = TestSignal<JobID>()
        let handler = JobHandler(kind: "known") { job in
            ran.send(job.id)
            return .done()
        }
        let unknown = bench.job()
        try await bench.bench.client().enqueue([unknown, marker], to: bench.bench.queue)
        try await bench.running(bench.worker(handlers: [handler])) { _ = await ran.next() }
        guard case .present(let view)? = try await bench.bench.client().job(unknown.id, in: [bench.bench.queue]) else {
            Issue.record("gone")
            return
        }
        #expect(view.state == .due && view.envelope.attempts == 0 && view.envelope.deferrals == 1)
    }

    @Test func stoppingFinishesWhatRunsAndClaimsNoMore() async throws {
        let bench = try await WorkerBench()
        let started = TestSignal<Void>()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let handler = JobHandler(kind: "kind") { _ in
            started.send(())
            for await _ in gate {}
            return .done()
        }
        try await bench.bench.client().enqueue((0..<5).map { _ in bench.job() }, to: bench.bench.queue)
        let worker = bench.worker(concurrency: 1, handlers: [handler])
        try await bench.running(worker) {
            _ = await started.next()
            Task { open.finish() }
        }
        let status = try await bench.bench.client().status(of: [bench.bench.queue], nowMilliseconds: 0)[0]
        #expect(status.running == 0)
        #expect(status.ready + Int(status.counters["done"] ?? 0) == 5)
        #expect(status.counters["stale"] == nil)
    }

    @Test func afterTheGraceJobsGoBackUnspent() async throws {
        let bench = try await WorkerBench()
        let started = TestSignal<Void>()
        let handler = JobHandler(kind: "kind") { _ in
            started.send(())
            try await Task.sleep(for: .seconds(600))
            return .done()
        }
        let job = bench.job()
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        try await bench.running(bench.worker(graceMilliseconds: 50, handlers: [handler])) { _ = await started.next() }
        guard case .present(let view)? = try await bench.bench.client().job(job.id, in: [bench.bench.queue]) else {
            Issue.record("gone")
            return
        }
        #expect(view.state == .ready)
        #expect(view.envelope.attempts == 0 && view.envelope.crashes == 0 && view.envelope.deferrals == 1)
    }

    /// The process ends all the same, so its claim need not wait until the lease runs out.
    @Test func aJobThatIgnoresItsCancellationGoesBackUnspent() async throws {
        let bench = try await WorkerBench()
        let (started, release) = (TestSignal<Void>(), TestSignal<Void>())
        let held = Task { _ = await release.next() }
        let handler = JobHandler(kind: "kind") { _ in
            started.send(())
            await held.value
            return .done()
        }
        let job = bench.job()
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        try await bench.running(bench.worker(graceMilliseconds: 50, handlers: [handler])) { _ = await started.next() }
        guard case .present(let view)? = try await bench.bench.client().job(job.id, in: [bench.bench.queue]) else {
            Issue.record("gone")
            return
        }
        #expect(view.state == .ready)
        #expect(view.envelope.attempts == 0 && view.envelope.crashes == 0 && view.envelope.deferrals == 1)
        release.send(())
        await held.value
    }

    @Test func aDeadWorkersJobsRunElsewhere() async throws {
        let bench = try await WorkerBench()
        let jobs = (0..<50).map { bench.job("\($0)") }
        try await bench.bench.client().enqueue(jobs, to: bench.bench.queue)
        // A worker that claims and is never heard of again.
        let dead = WorkTrips(
            redis: bench.bench.redis, keys: [bench.bench.keys], queues: [bench.bench.queue], worker: "x")
        #expect(try await dead.make([.init(queue: 0, want: 50)], settlements: [[]])[0].jobs.count == 50)
        let ran = TestSignal<JobID>()
        let handler = JobHandler(kind: "kind") { job in
            ran.send(job.id)
            return .done()
        }
        let worker = bench.worker(leaseMilliseconds: 300, heartbeatMilliseconds: 100, handlers: [handler])
        var ids: [JobID] = []
        try await bench.running(worker) { ids = await ran.next(50) }
        #expect(Set(ids) == Set(jobs.map(\.id)))
        #expect(try await bench.isEmpty())
        #expect(try await bench.bench.counter("recovered") == 50)
    }
}
