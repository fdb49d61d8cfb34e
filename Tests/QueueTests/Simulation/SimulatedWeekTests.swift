import TestKit
import Testing

@testable import Queue

/// A week of a small business: an hourly job of which one in three fails twice, and a document that is edited now and then.
@Suite(.timeLimit(.minutes(1)))
struct SimulatedWeekTests {
    private struct Hourly: Job {
        static let definition = JobDefinition(
            "hourly", retry: RetryPolicy(attempts: 5, firstMilliseconds: 30_000, capMilliseconds: 600_000))
        var options: JobOptions { JobOptions(key: .unique("hourly")) }
    }

    private struct Publish: Job {
        static let definition = JobDefinition("publish")
        let edit: Int64
        var options: JobOptions {
            JobOptions(key: .debounce("doc", quietMilliseconds: 60_000, longestMilliseconds: 300_000))
        }
    }

    private static let hour: Int64 = 3_600_000
    private static let week: Int64 = 168 * hour

    @Test func aWeekTakesUnderASecond() async throws {
        let url = try await TestRedis.url()
        let handlers = JobRegistry([
            JobHandler(Hourly.self) { _, context in
                try await context.clock.sleep(milliseconds: 20_000)
                let hour = context.clock.nowMilliseconds / Self.hour
                return hour % 3 == 0 && context.attempt < 3 ? .retry(reason: "busy") : .done()
            },
            JobHandler(Publish.self) { _, _ in .done() },
        ])
        let clock = ContinuousClock()
        let begin = clock.now
        try await QueueSimulation.run(url: url, registry: handlers) { simulation in
            let (client, start) = (simulation.client, simulation.nowMilliseconds)
            try await simulation.add(try ScheduledJob(Hourly(), name: "hourly", pattern: "0 * * * *"))
            // Five edits, ten seconds apart, every six hours, at one, seven and so on.
            await simulation.add { after in
                let place = (after - start + 5 * Self.hour) % (6 * Self.hour)
                return place < 50_000 ? after + 10_000 : after + 6 * Self.hour - place + 10_000
            } action: { time in
                try await client.enqueue(Publish(edit: time))
            }
            try await simulation.advance(byMilliseconds: Self.week + 300_000)

            let hourly = await simulation.runs(of: Hourly.self)
            #expect(Set(hourly.map(\.id)).count == 168)
            #expect(hourly.count == 168 + 2 * 56)
            #expect(hourly.filter { $0.result == .done }.count == 168)
            let ticks = try await ScheduleClient(client).waitingTicks(of: "default", count: 1_000)
            #expect(ticks.count == 168 && ticks.allSatisfy { $0.outcome == .fired && $0.lateMilliseconds == 0 })
            let published = await simulation.runs(of: Publish.self)
            #expect(published.count == 28)
            #expect(published.allSatisfy { ($0.startMilliseconds - start) % (6 * Self.hour) == Self.hour + 110_000 })
            #expect(try await simulation.dead().isEmpty)
        }
        let took = begin.duration(to: clock.now)
        print("a simulated week took \(took)")
        // Mostly less than one, also in a debug build; but many tests may run beside this one.
        #expect(took < .seconds(20))
    }
}
