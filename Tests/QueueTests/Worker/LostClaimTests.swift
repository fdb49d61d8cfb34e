import Logging
import Redis
import TestKit
import Testing

@testable import Queue

/// A worker that was silent for longer than its lease: what it runs is others' by then.
@Suite(.timeLimit(.minutes(1)))
struct LostClaimTests {
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The claim loop alone, so that the test says when it has been silent.
    private func loop(_ bench: ScriptBench, _ inbox: Inbox, _ handler: JobHandler) async throws -> WorkLoop {
        let clock = SystemMonotonicClock()
        let waiter = RedisWaiter(configuration: try await TestRedis.configuration(), name: "test")
        return WorkLoop(
            options: WorkerOptions(name: "w1", queues: [bench.queue], concurrency: 4),
            registry: JobRegistry([handler]),
            trips: WorkTrips(redis: bench.redis, keys: [bench.keys], queues: [bench.queue], worker: "w1"),
            doorbell: Doorbell(waiter: waiter, keys: [bench.keys.doorbell], inbox: inbox, clock: clock),
            inbox: inbox, clock: clock, logger: Self.logger)
    }

    @Test func aJobThatWasGivenToAnotherIsStoppedAndTheOthersGoOn() async throws {
        let bench = try await ScriptBench()
        let started = TestSignal<JobID>()
        let stopped = TestSignal<(JobID, StopReason?)>()
        // One for each: a cancelled task ends the stream that it waits for, for everybody.
        let (gate, open) = AsyncStream<Void>.makeStream()
        let (never, end) = AsyncStream<Void>.makeStream()
        let handler = JobHandler(kind: "kind") { job in
            started.send(job.id)
            for await _ in job.arguments == Array("lost".utf8) ? never : gate {}
            stopped.send((job.id, job.stopReason))
            try Task.checkCancellation()
            return .done()
        }
        let inbox = Inbox(clock: SystemMonotonicClock())
        let loop = try await loop(bench, inbox, handler)
        let (lost, kept) = (bench.job("lost"), bench.job("kept", lane: "north"))
        try await bench.client().enqueue([lost, kept], to: bench.queue)
        let run = Task { await loop.run() }
        _ = await started.next(2)

        // Another worker has the first one now, under another fence.
        _ = try await bench.reply("HSET", bench.keys.claims(of: "w2"), "\(lost.id)", "9999999999999")
        _ = try await bench.reply("HDEL", bench.keys.claims(of: "w1"), "\(lost.id)")
        inbox.post(.wasSilent)
        let first = try #require(await stopped.next())
        #expect(first.0 == lost.id && first.1 == .claimLost)

        end.finish()
        open.finish()
        let second = try #require(await stopped.next())
        #expect(second.0 == kept.id && second.1 == nil)
        inbox.post(.stop)
        await run.value
        #expect(try await bench.counter("done") == 1)
        #expect(try await bench.counter("stale") == 1, "it said so once, and was refused")
        #expect(try await bench.counter("released") == 0)
        let envelope = try await bench.reply("HGET", bench.keys.jobs, "\(lost.id)").string
        #expect(envelope == "1 kind 3x5000 0 0 0\nlost", "untouched by the worker that lost it")
    }

    @Test(arguments: [("", true), ("7", false), ("7 north", false), ("8", true), ("77", true), ("7north", true)])
    func aClaimIsLostUnlessItsFenceStands(_ value: String, _ isLost: Bool) async throws {
        let bench = try await ScriptBench()
        let id = JobID(nowMilliseconds: 1)
        if !value.isEmpty { _ = try await bench.reply("HSET", bench.keys.claims(of: "w1"), "\(id)", value) }
        let trips = WorkTrips(redis: bench.redis, keys: [bench.keys], queues: [bench.queue], worker: "w1")
        #expect(try await trips.lost(queue: 0, of: [(id, 7)]) == (isLost ? [id] : []))
        #expect(try await trips.lost(queue: 0, of: []).isEmpty)
    }
}
