import Redis
import TestKit
import Testing
import Threads

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct SimulationTests {
    private func simulate<Result>(
        concurrency: Int = 256, _ handlers: [JobHandler], _ body: (QueueSimulation) async throws -> Result
    ) async throws -> Result {
        try await QueueSimulation.run(
            url: try await TestRedis.url(), concurrency: concurrency, registry: JobRegistry(handlers), body)
    }

    @Test func retriesComeAtTheirTimesAndThenTheDeadSet() async throws {
        let handler = JobHandler(Letter.self) { _, context in .retry(reason: "no \(context.attempt)") }
        try await simulate([handler]) { simulation in
            let start = simulation.nowMilliseconds
            try await simulation.client.enqueue(Letter(to: "x"))
            try await simulation.advance(byMilliseconds: 9_999)
            #expect(await simulation.runs.map(\.result) == [.retried(reason: "no 1", atMilliseconds: start + 10_000)])
            try await simulation.advance(byMilliseconds: 1)
            #expect(await simulation.runs.count == 2)
            try await simulation.runUntilIdle()
            #expect(simulation.nowMilliseconds == start + 20_000)
            #expect(await simulation.runs.map(\.attempt) == [1, 2, 3])
            #expect(await simulation.runs.last?.result == .buried(reason: "no 3"))
            #expect(try await simulation.dead().first?.atMilliseconds == start + 20_000)
        }
    }

    @Test func jobsThatSleepRunBesideEachOther() async throws {
        let handler = JobHandler(Letter.self) { letter, context in
            try await context.clock.sleep(milliseconds: Int64(letter.pages) * 1_000)
            return .done()
        }
        try await simulate([handler]) { simulation in
            let start = simulation.nowMilliseconds
            for pages in [3, 1, 2] { try await simulation.client.enqueue(Letter(to: "x", pages: pages)) }
            try await simulation.advance(byMilliseconds: 1_500)
            #expect(await simulation.runs.count == 1)
            try await simulation.runUntilIdle()
            #expect(await simulation.runs.map { $0.endMilliseconds - start } == [1_000, 2_000, 3_000])
            #expect(await simulation.runs.allSatisfy { $0.startMilliseconds == start })
        }
    }

    @Test func jobsOfOneOrderKeyRunOneAfterAnotherAndAFailureBlocksOnlyItsOwn() async throws {
        let handler = JobHandler(OrderedPage.self) { page, context in
            page.number == 1 && context.attempt == 1 ? .retry(reason: "no") : .done()
        }
        try await simulate([handler]) { simulation in
            let start = simulation.nowMilliseconds
            for number in 1...3 {
                try await simulation.client.enqueue(OrderedPage(book: "a", number: number))
                try await simulation.client.enqueue(OrderedPage(book: "b", number: number + 10))
            }
            try await simulation.runUntilIdle()
            let pages = try await simulation.runs.map { try $0.job(as: OrderedPage.self)?.number ?? 0 }
            #expect(pages.filter { $0 < 10 } == [1, 1, 2, 3] && pages.filter { $0 > 10 } == [11, 12, 13])
            #expect(await simulation.runs.filter { $0.startMilliseconds == start }.count == 4)
            #expect(simulation.nowMilliseconds == start + 10_000)
        }
    }

    @Test func oneSlotRunsOneAfterTheOther() async throws {
        let handler = JobHandler(Letter.self) { _, context in
            try await context.clock.sleep(milliseconds: 1_000)
            return .done()
        }
        try await simulate(concurrency: 1, [handler]) { simulation in
            let start = simulation.nowMilliseconds
            for name in ["a", "b", "c"] { try await simulation.client.enqueue(Letter(to: name)) }
            try await simulation.runUntilIdle()
            #expect(await simulation.runs.map { $0.startMilliseconds - start } == [0, 1_000, 2_000])
            #expect(try await simulation.runs.map { try $0.job(as: Letter.self)?.to } == ["a", "b", "c"])
        }
    }

    @Test func aRunIsStoppedAtItsLimit() async throws {
        let reasons = TestSignal<StopReason?>()
        let handler = JobHandler(Letter.self) { _, context in
            do { try await context.clock.sleep(milliseconds: 3_600_000) } catch {
                reasons.send(context.stopReason)
                throw error
            }
            return .done()
        }
        try await simulate([handler]) { simulation in
            let start = simulation.nowMilliseconds
            try await simulation.client.enqueue(Letter(to: "x"))
            try await simulation.advance(byMilliseconds: 60_000)
            #expect(await reasons.next() == .late)
            let run = try #require(await simulation.runs.first)
            #expect(run.endMilliseconds == start + 60_000)
            let reason = "it ran for longer than its limit of 60.0 s"
            #expect(run.result == .retried(reason: reason, atMilliseconds: start + 70_000))
        }
    }

    @Test func aRunningJobIsCancelled() async throws {
        let reasons = TestSignal<StopReason?>()
        let handler = JobHandler(Letter.self) { _, context in
            do { try await context.clock.sleep(milliseconds: 30_000) } catch {
                reasons.send(context.stopReason)
                throw error
            }
            return .done()
        }
        try await simulate([handler]) { simulation in
            let item = try await simulation.client.enqueue(Letter(to: "x"))
            try await simulation.advance(byMilliseconds: 1_000)
            #expect(try await simulation.client.cancel(item.id, in: "post") == .requested)
            try await simulation.advance(byMilliseconds: 0)
            #expect(await reasons.next() == .cancelled)
            #expect(await simulation.runs.map(\.result) == [.cancelled])
            guard case .finished(let trace)? = try await simulation.job(item.id) else {
                Issue.record("no trace")
                return
            }
            #expect(trace.state == .cancelled)
        }
    }

    /// Ten edits a second apart are one run a quiet time after the last; what comes while it runs makes one more.
    @Test func debounceRunsOnceWithTheNewestData() async throws {
        let handler = JobHandler(Letter.self) { _, context in
            try await context.clock.sleep(milliseconds: 2_000)
            return .done()
        }
        try await simulate([handler]) { simulation in
            let start = simulation.nowMilliseconds
            let key = JobKey.debounce("doc", quietMilliseconds: 5_000, longestMilliseconds: 60_000)
            for edit in 1...10 {
                try await simulation.client.enqueue(Letter(to: "x", pages: edit, key: key))
                try await simulation.advance(byMilliseconds: 1_000)
            }
            try await simulation.advance(byMilliseconds: 4_500)
            try await simulation.client.enqueue(Letter(to: "x", pages: 11, key: key))
            try await simulation.runUntilIdle()
            let runs = await simulation.runs
            #expect(try runs.map { try $0.job(as: Letter.self)?.pages } == [10, 11])
            #expect(runs.map { $0.startMilliseconds - start } == [14_000, 19_500])
        }
    }

    /// A lane with a thousand jobs and room for two does not keep another lane's one job waiting.
    @Test func aNoisyLaneHarmsNoOther() async throws {
        let handler = JobHandler(Letter.self) { _, context in
            try await context.clock.sleep(milliseconds: 1_000)
            return .done()
        }
        try await simulate(concurrency: 8, [handler]) { simulation in
            let start = simulation.nowMilliseconds
            try await simulation.client.setStandardLaneLimits(LaneLimits(inFlight: 2), in: "post")
            try await simulation.client.enqueue((0..<200).map { _ in Letter(to: "noisy", lane: "noisy") })
            try await simulation.advance(byMilliseconds: 10_500)
            try await simulation.client.enqueue(Letter(to: "quiet", lane: "quiet"))
            try await simulation.runUntilIdle()
            let quiet = try #require(await simulation.runs.first { $0.lane == "quiet" })
            #expect(quiet.startMilliseconds == start + 10_500)
            #expect(simulation.nowMilliseconds == start + 100_000, "200 jobs of 1 s, two at a time")
        }
    }

    @Test func twoRunsAreTheSameToTheLastId() async throws {
        let seed = UInt64.random(in: 0...(.max))
        print("seed \(seed)")
        func history() async throws -> [SimulatedRun] {
            let handler = JobHandler(Noisy.self) { job, context in
                try await context.clock.sleep(milliseconds: Int64(context.id.draw(seed) % 5_000))
                return context.id.draw(UInt64(context.attempt)) % 3 == 0 ? .done() : .retry(reason: "no")
            }
            return try await simulate([handler]) { simulation in
                try await simulation.client.enqueue((0..<40).map { Noisy(number: $0) })
                try await simulation.runUntilIdle()
                return await simulation.runs
            }
        }
        let (first, second) = (try await history(), try await history())
        #expect(first.count > 40)
        #expect(first == second)
    }

    @Test func nothingIsLeftInRedis() async throws {
        let url = try await TestRedis.url()
        let handler = JobHandler(Letter.self) { letter, context in
            if letter.to == "sleepy" { try await context.clock.sleep(milliseconds: 1_000_000) }
            return letter.to == "bad" ? .bury(reason: "bad") : .done()
        }
        struct Fault: Error {}
        let names = Locked<[String]>([])
        for fails in [false, true] {
            do {
                try await QueueSimulation.run(url: url, registry: JobRegistry([handler])) { simulation in
                    let client = simulation.client
                    names.withLock { $0.append(client.namespace) }
                    try await client.enqueue([
                        Letter(to: "bad"), Letter(to: "sleepy", lane: "x"),
                        Letter(to: "later", key: .unique("k"), delay: 9),
                    ])
                    try await simulation.advance(byMilliseconds: 1)
                    if fails { throw Fault() }
                }
                #expect(!fails)
            } catch is Fault {}
        }
        let client = try QueueClient(url: url)
        for name in names.withLock({ $0 }) {
            let reply = try await client.run(client.command("SCAN", "0", "MATCH", name + "*", "COUNT", "1000000"))
            #expect(reply.arrayValue?.last?.arrayValue?.isEmpty == true, "\(reply)")
        }
        await client.shutdown()
    }

    @Test func aCircleIsNoticed() async throws {
        let handler = JobHandler(Letter.self) { letter, context in .done(then: [try context.follower(letter)]) }
        try await simulate([handler]) { simulation in
            try await simulation.client.enqueue(Letter(to: "x"))
            let error = await #expect(throws: QueueError.self) { try await simulation.advance(byMilliseconds: 0) }
            #expect(error?.code == .limitExceeded)
        }
    }

    @Test func aHandlerMayEnqueueByTheSimulationsClient() async throws {
        let url = try await TestRedis.url()
        try await QueueSimulation.run(
            url: url,
            registry: { client, _ in
                JobRegistry([
                    JobHandler(Letter.self) { letter, _ in
                        try await client.enqueue(Greeting(first: letter.to, last: ""), delayMilliseconds: 5_000)
                        return .done()
                    }, JobHandler(Greeting.self) { _, _ in .done() },
                ])
            },
            { simulation in
                let start = simulation.nowMilliseconds
                try await simulation.client.enqueue(Letter(to: "x"))
                try await simulation.runUntilIdle()
                #expect(await simulation.runs.map(\.kind) == ["letter.send", "greeting"])
                #expect(simulation.nowMilliseconds == start + 5_000)
            })
    }
}

private struct Noisy: Job {
    static let definition = JobDefinition(
        "noisy", retry: RetryPolicy(attempts: 5, firstMilliseconds: 1_000, capMilliseconds: 60_000, jitterPercent: 50))
    let number: Int
    var options: JobOptions { JobOptions(lane: "l\(number % 4)") }
}
