import Foundation
import Queue
import Tenants
import Testing

let redis = ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"

@Suite(.timeLimit(.minutes(1)))
struct TenantTests {
    @Test func aNoisyTenantKeepsNobodyWaiting() async throws {
        try await QueueSimulation.run(url: redis, concurrency: 10, registry: TenantJobs.registry) { simulation in
            try await simulation.client.setStandardLaneLimits(LaneLimits(inFlight: 5), in: "tenants")
            try await simulation.client.enqueue((1...100).map { Export(tenant: "noisy", number: $0) })
            try await simulation.advance(byMilliseconds: 3_500)
            let asked = simulation.nowMilliseconds
            try await simulation.client.enqueue(Export(tenant: "quiet", number: 1))
            try await simulation.runUntilIdle()

            let quiet = try #require(await simulation.runs.first { $0.lane == "quiet" })
            #expect(quiet.startMilliseconds == asked)
        }
    }

    @Test func manyEditsAreOneRunWithTheLast() async throws {
        try await QueueSimulation.run(url: redis, registry: TenantJobs.registry) { simulation in
            let start = simulation.nowMilliseconds
            for revision in 1...10 {
                try await simulation.client.enqueue(Reindex(tenant: "a", document: "d", revision: revision))
                try await simulation.advance(byMilliseconds: 500)
            }
            try await simulation.runUntilIdle()

            let runs = await simulation.runs(of: Reindex.self)
            #expect(try runs.map { try $0.job(as: Reindex.self)?.revision } == [10])
            #expect(runs.first?.startMilliseconds == start + 9 * 500 + 2_000)
        }
    }

    @Test func revisionsComeInTheirOrderAlsoWhenOneFails() async throws {
        try await QueueSimulation.run(url: redis, registry: TenantJobs.registry) { simulation in
            let start = simulation.nowMilliseconds
            for revision in 1...3 {
                try await simulation.client.enqueue(Publish(tenant: "a", document: "d", revision: revision))
            }
            try await simulation.client.enqueue(Publish(tenant: "a", document: "e", revision: 7))
            try await simulation.runUntilIdle()

            let runs = await simulation.runs(of: Publish.self)
            let revisions = try runs.map { try $0.job(as: Publish.self)?.revision }
            #expect(revisions.filter { $0 != 7 } == [1, 1, 2, 3])
            #expect(runs.last?.startMilliseconds == start + 10_000)
        }
    }

    @Test func editsWithoutEndAreIndexedAllTheSame() async throws {
        try await QueueSimulation.run(url: redis, registry: TenantJobs.registry) { simulation in
            let start = simulation.nowMilliseconds
            for revision in 1...60 {
                try await simulation.client.enqueue(Reindex(tenant: "a", document: "d", revision: revision))
                try await simulation.advance(byMilliseconds: 1_000)
            }
            #expect(await simulation.runs.map { $0.startMilliseconds - start } == [30_000, 60_000])
        }
    }
}
