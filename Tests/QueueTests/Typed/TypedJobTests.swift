import Redis
import TestKit
import Testing

@testable import Queue

/// Typed jobs through the real scripts.
@Suite(.timeLimit(.minutes(1)))
struct TypedJobTests {
    private func simulate(
        _ handlers: [JobHandler], _ body: (QueueSimulation) async throws -> Void
    ) async throws {
        let url = try await TestRedis.url()
        try await QueueSimulation.run(url: url, registry: JobRegistry(handlers), body)
    }

    /// A job of another version of the type, as another release would enqueue it.
    private func foreign(_ arguments: String, version: Int, _ client: QueueClient) -> NewJob {
        NewJob(
            id: client.makeID(), kind: "greeting", arguments: Array(arguments.utf8),
            policy: RetryPolicy(attempts: 3, delayMilliseconds: 1_000), version: version)
    }

    @Test func aHandlerGetsTheJobThatWasEnqueued() async throws {
        let got = TestSignal<(Letter, Int, JobID)>()
        let handler = JobHandler(Letter.self) { letter, context in
            got.send((letter, context.attempt, context.id))
            return .done()
        }
        try await simulate([handler]) { simulation in
            let items = try await simulation.client.enqueue([Letter(to: "a", pages: 3), Letter(to: "b")])
            try await simulation.advance(byMilliseconds: 0)
            let runs = await got.next(2)
            #expect(runs.map(\.0.to) == ["a", "b"] && runs[0].0.pages == 3 && runs.map(\.1) == [1, 1])
            #expect(runs.map(\.2) == items.map(\.id) && items.allSatisfy { !$0.isDuplicate })
        }
    }

    @Test func aDelayAndATimeAreKept() async throws {
        try await simulate([JobHandler(Letter.self) { _, _ in .done() }]) { simulation in
            let (client, start) = (simulation.client, simulation.nowMilliseconds)
            try await client.enqueue(Letter(to: "later", delay: 5_000))
            try await client.enqueue(Letter(to: "much later", delay: 5_000), delayMilliseconds: 9_000)
            try await client.enqueue(Letter(to: "then"), atMilliseconds: start + 7_000)
            try await client.enqueue(Letter(to: "past"), atMilliseconds: start - 7_000)
            #expect(try await simulation.due().map(\.atMilliseconds) == [5_000, 7_000, 9_000].map { start + $0 })
            try await simulation.runUntilIdle()
            #expect(await simulation.runs.map { $0.startMilliseconds - start } == [0, 5_000, 7_000, 9_000])
        }
    }

    @Test func unreadableArgumentsAreBuriedAndNotTriedAgain() async throws {
        try await simulate([JobHandler(Greeting.self) { _, _ in .done() }]) { simulation in
            let client = simulation.client
            try await client.enqueue(
                [
                    foreign(#"{"first":"a"}"#, version: 3, client), foreign(#"{"name":7}"#, version: 1, client),
                    foreign("{}", version: 2, client),
                ], to: "default")
            try await simulation.runUntilIdle()
            #expect(await simulation.runs.count == 3)
            let dead = try await simulation.dead()
            let reasons = Set(dead.compactMap { $0.lastError?.message })
            #expect(
                reasons == [
                    "the arguments of 'greeting', version 3, cannot be read: last is missing",
                    "the arguments of 'greeting', version 1, cannot be read: name is no String",
                    "the arguments of 'greeting', version 2, cannot be read: forgotten",
                ])
            #expect(dead.contains { $0.envelope.arguments == Array(#"{"name":7}"#.utf8) }, "nothing is lost")
        }
    }

    @Test func aNewerVersionWaitsForAWorkerThatKnowsIt() async throws {
        try await simulate([JobHandler(Greeting.self) { _, _ in .done() }]) { simulation in
            let client = simulation.client
            let job = foreign(#"{"full":"a"}"#, version: 4, client)
            try await client.enqueue([job], to: "default")
            try await simulation.advance(byMilliseconds: 3_600_000)
            guard case .present(let view)? = try await simulation.job(job.id) else {
                Issue.record("gone")
                return
            }
            var untouched = job.envelope
            untouched.deferrals = view.envelope.deferrals
            #expect(view.state == .due && view.envelope == untouched && untouched.deferrals > 1)
            await #expect(throws: QueueError.self) { try await simulation.runUntilIdle(withinMilliseconds: 86_400_000) }
        }
    }

    /// What is kept after a migration is of the new version, for the next attempt as for the one after a crash.
    @Test func keepingAMigratedJobKeepsItsVersion() async throws {
        let got = TestSignal<(Greeting, Int)>()
        let handler = JobHandler(Greeting.self) { greeting, context in
            got.send((greeting, context.version))
            guard context.attempt == 1 else { return .done() }
            try await context.keep(Greeting(first: "kept", last: greeting.last))
            return .retry(reason: "again")
        }
        try await simulate([handler]) { simulation in
            let client = simulation.client
            let job = foreign(#"{"name":"Ada Lovelace"}"#, version: 1, client)
            try await client.enqueue([job], to: "default")
            try await simulation.advance(byMilliseconds: 500)
            guard case .present(let view)? = try await simulation.job(job.id) else {
                Issue.record("gone")
                return
            }
            #expect(view.envelope.header == "2 greeting 3x1000 1 0 0 v=3")
            try await simulation.runUntilIdle()
            let runs = await got.next(2)
            #expect(runs.map(\.1) == [1, 3] && runs.map(\.0.first) == ["Ada", "kept"] && runs[1].0.last == "Lovelace")
        }
    }

    @Test func theVersionStandsInRedisBeforeTheRunEnds() async throws {
        let bench = try await ScriptBench()
        let job = NewJob(
            id: JobID(nowMilliseconds: 1), kind: "kind", arguments: Array("old".utf8),
            policy: RetryPolicy(attempts: 3, delayMilliseconds: 5), lane: "l")
        try await bench.client(at: 1_000).enqueue([job], to: bench.queue)
        let claimed = try #require(try await bench.trip(want: 1).jobs.first)
        let keep = Settlement.keep(claimed, arguments: Array("new".utf8), version: 2)
        #expect(try await bench.trip(settling: [keep]).stale.isEmpty)
        let stored = try await bench.reply("HGET", bench.keys.jobs, "\(job.id)").string
        #expect(stored == "2 kind 3x5 0 0 0 l=l v=2\nnew")
        let same = Settlement.keep(claimed, arguments: Array("newer".utf8), version: 1)
        #expect(try await bench.trip(settling: [same]).stale.isEmpty)
        #expect(
            try await bench.reply("HGET", bench.keys.jobs, "\(job.id)").string == "2 kind 3x5 0 0 0 l=l v=2\nnewer")
    }

    @Test func aFollowerIsEnqueuedWithTheEndOfTheJobBeforeIt() async throws {
        let handler = JobHandler(Letter.self) { letter, context in
            letter.pages > 0
                ? .done(then: [try context.follower(Letter(to: letter.to, pages: letter.pages - 1))]) : .done()
        }
        try await simulate([handler]) { simulation in
            try await simulation.client.enqueue(Letter(to: "x", pages: 3))
            try await simulation.runUntilIdle()
            #expect(try await simulation.runs.map { try $0.job(as: Letter.self)?.pages } == [3, 2, 1, 0])
        }
    }

    @Test func aFollowerOfAnotherQueueIsRefusedAndSpendsAttempts() async throws {
        let handler = JobHandler(Letter.self) { _, context in
            .done(then: [try context.follower(Greeting(first: "a", last: "b"))])
        }
        try await simulate([handler]) { simulation in
            try await simulation.client.enqueue(Letter(to: "x"))
            try await simulation.runUntilIdle()
            #expect(await simulation.runs.count == 3, "not put off for ever")
            #expect(try await simulation.dead().first?.lastError?.message.contains("'greeting' belongs into") == true)
        }
    }

    @Test func uniqueJobsAnswerWithTheOneThatIsThere() async throws {
        try await simulate([JobHandler(Letter.self) { _, _ in .done() }]) { simulation in
            let client = simulation.client
            let first = try await client.enqueue(Letter(to: "x", key: .unique("one")))
            let second = try await client.enqueue(Letter(to: "y", key: .unique("one")))
            #expect(second.id == first.id && second.isDuplicate && !first.isDuplicate)
            try await simulation.runUntilIdle()
            let third = try await client.enqueue(Letter(to: "z", key: .unique("one")))
            #expect(!third.isDuplicate, "the end frees the key")
        }
    }
}
