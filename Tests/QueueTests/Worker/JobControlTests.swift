import Redis
import TestKit
import Testing
import Threads

@testable import Queue

/// What is done to a job from outside while it runs, and to a worker while it works.
@Suite(.timeLimit(.minutes(1)))
struct JobControlTests {
    private func found(_ bench: WorkerBench, _ id: JobID) async throws -> FoundJob? {
        try await bench.bench.client().job(id, in: [bench.bench.queue])
    }

    /// Runs until it is cancelled.
    private static func patient(_ started: TestSignal<Int>) -> JobHandler {
        JobHandler(kind: "kind") { job in
            started.send(job.attempt)
            let (never, end) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            end.finish()
            try Task.checkCancellation()
            return .done()
        }
    }

    @Test func aRunningJobIsCancelledOnRequest() async throws {
        let bench = try await WorkerBench()
        let started = TestSignal<Int>()
        let job = bench.job()
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        let worker = bench.worker(heartbeatMilliseconds: 50, handlers: [Self.patient(started)])
        try await bench.running(worker) {
            _ = await started.next()
            #expect(try await bench.bench.client().cancel(job.id, in: bench.bench.queue) == .requested)
            try await Waiting.until("an empty queue") { try await bench.isEmpty() }
        }
        guard case .finished(let trace)? = try await found(bench, job.id) else {
            Issue.record("no trace of the cancelled job")
            return
        }
        #expect(trace.state == .cancelled && trace.attempts == 0)
    }

    @Test func aJobThatIsDoneAllTheSameIsDone() async throws {
        let bench = try await WorkerBench()
        let started = TestSignal<Int>()
        let handler = JobHandler(kind: "kind", leavesTrace: true) { job in
            started.send(job.attempt)
            let (never, _) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            return .done(note: "finished")
        }
        let job = bench.job()
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        try await bench.running(bench.worker(heartbeatMilliseconds: 50, handlers: [handler])) {
            _ = await started.next()
            _ = try await bench.bench.client().cancel(job.id, in: bench.bench.queue)
            try await Waiting.until("an empty queue") { try await bench.isEmpty() }
        }
        guard case .finished(let trace)? = try await found(bench, job.id) else {
            Issue.record("no trace")
            return
        }
        #expect(trace.state == .done && trace.note == "finished")
        #expect(try await bench.bench.reply("EXISTS", bench.bench.keys.cancels) == .integer(0))
    }

    @Test func aJobOverItsTimeLimitFailsAnAttempt() async throws {
        let bench = try await WorkerBench()
        let started = TestSignal<Int>()
        let job = NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: [],
            policy: RetryPolicy(attempts: 2, delayMilliseconds: 10), timeLimitMilliseconds: 1_500)
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        let worker = bench.worker(clock: ScaledClock(speed: 20), handlers: [Self.patient(started)])
        try await bench.running(worker) {
            #expect(await started.next(2) == [1, 2])
            try await Waiting.until("the buried job") {
                try await bench.bench.reply("ZCARD", bench.bench.keys.dead) == .integer(1)
            }
        }
        guard case .present(let view)? = try await found(bench, job.id) else {
            Issue.record("gone")
            return
        }
        #expect(view.state == .dead && view.envelope.attempts == 2)
        #expect(view.lastError?.message == "it ran for longer than its limit of 1.5 s")
    }

    @Test func aJobThatIgnoresItsCancellationIsGivenUpAndItsLateAnswerIsStale() async throws {
        let bench = try await WorkerBench()
        let started = TestSignal<Int>()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let left = TestSignal<Void>()
        let handler = JobHandler(kind: "kind", timeLimitMilliseconds: 500) { job in
            started.send(job.attempt)
            guard job.attempt == 1 else { return .done() }
            // A task of its own does not hear of the cancellation.
            await Task { for await _ in gate {} }.value
            left.send(())
            return .done()
        }
        let job = bench.job()
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        let worker = bench.worker(concurrency: 1, clock: ScaledClock(speed: 20), handlers: [handler])
        try await bench.running(worker) {
            #expect(await started.next(2) == [1, 2])
            try await Waiting.until("an empty queue") { try await bench.isEmpty() }
            open.finish()
            _ = await left.next()
            // The slot is not counted twice: the worker still works.
            try await bench.bench.client().enqueue([bench.job(), bench.job()], to: bench.bench.queue)
            #expect(await started.next() == 1)
        }
        #expect(try await bench.bench.counter("retried") == 1)
    }

    @Test func aQuietWorkerFinishesClaimsNoMoreAndStays() async throws {
        let bench = try await WorkerBench()
        let ran = TestSignal<String>()
        func handler(_ name: String) -> JobHandler {
            JobHandler(kind: "kind") { _ in
                ran.send(name)
                return .done()
            }
        }
        let first = bench.worker("first", heartbeatMilliseconds: 50, handlers: [handler("first")])
        let client = bench.bench.client()
        try await bench.running(first) {
            try await client.enqueue([bench.job()], to: bench.bench.queue)
            #expect(await ran.next() == "first")
            #expect(try await client.quiet(worker: "nobody") == false)
            // It may run a job before its first beat has put it into the list.
            try await Waiting.until("the worker in the list") {
                try await client.quiet(worker: "first-\(bench.bench.namespace)")
            }
            let probe = bench.worker("second", handlers: [handler("second")])
            // Until it has heard of it, the first may still take one.
            try await bench.running(probe) {
                var last = ""
                for _ in 0..<200 where last != "second" {
                    try await client.enqueue([bench.job()], to: bench.bench.queue)
                    last = await ran.next() ?? ""
                    if last == "first" { try await client.ping() }
                }
                try await Waiting.until("both workers in the list") {
                    let listed = try await bench.bench.reply(
                        "ZCARD", CommonKeys(namespace: bench.bench.namespace).workers)
                    return listed == .integer(2)
                }
            }
        }
        #expect(
            try await bench.bench.reply("EXISTS", CommonKeys(namespace: bench.bench.namespace).quiet) == .integer(0))
    }

    @Test func aLaterVersionOfTheArgumentsWaitsForAWorkerThatKnowsIt() async throws {
        let bench = try await WorkerBench()
        let job = NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: [],
            policy: RetryPolicy(attempts: 1, delayMilliseconds: 0), version: 2)
        let ran = TestSignal<Int>()
        func handler(_ version: Int) -> JobHandler {
            JobHandler(kind: "kind", newestVersion: version) { job in
                ran.send(job.version)
                return .done()
            }
        }
        try await bench.bench.client().enqueue([job], to: bench.bench.queue)
        try await bench.running(bench.worker(handlers: [handler(1)])) {
            try await Waiting.until("the parked job") { try await bench.bench.counter("parked") == 1 }
        }
        // As if its time had come.
        _ = try await bench.bench.reply("ZADD", bench.bench.keys.due, "1", job.id.description)
        try await bench.running(bench.worker("newer", handlers: [handler(2)])) { #expect(await ran.next() == 2) }
        #expect(try await bench.isEmpty())
    }

    @Test func twoWorkersKeepALanesCapBetweenThem() async throws {
        let bench = try await WorkerBench()
        let client = bench.bench.client()
        try await client.setLimits(LaneLimits(inFlight: 3), ofLane: "a", in: bench.bench.queue)
        let gauge = Gauge()
        let ran = TestSignal<Void>()
        let handler = JobHandler(kind: "kind") { _ in
            gauge.enter()
            await Task.yield()
            gauge.leave()
            ran.send(())
            return .done()
        }
        let jobs = (0..<400).map { _ in
            NewJob(
                id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: [],
                policy: RetryPolicy(attempts: 1, delayMilliseconds: 0), lane: "a")
        }
        try await client.enqueue(jobs, to: bench.bench.queue)
        try await bench.running(bench.worker("one", handlers: [handler])) {
            try await bench.running(bench.worker("two", handlers: [handler])) { _ = await ran.next(400) }
        }
        #expect((1...3).contains(gauge.highest))
        #expect(try await bench.isEmpty())
    }
}

/// How many are inside at a time.
private final class Gauge: Sendable {
    private let state = Locked<(now: Int, highest: Int)>((0, 0))

    var highest: Int { state.withLock { $0.highest } }

    func enter() { state.withLock { $0 = ($0.now + 1, max($0.highest, $0.now + 1)) } }

    func leave() { state.withLock { $0.now -= 1 } }
}
