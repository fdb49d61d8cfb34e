import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct JobLookTests {
    /// A look is two round trips. A job of a lane that fails between them is due with the error of that failure.
    @Test func aJobThatFailsDuringTheLookIsToldWithItsError() async throws {
        let bench = try await ScriptBench()
        let job = bench.job(attempts: 1_000, lane: "lane")
        try await bench.client(at: 1_000).enqueue([job], to: bench.queue)
        let looker = RedisClient(configuration: try await TestRedis.configuration(), name: "looker")
        let client = QueueClient(redis: looker, namespace: bench.namespace)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 1...300 {
                    let claimed = try await bench.trip(want: 1, at: Int64(round) * 10_000).jobs
                    let settlement = Settlement(
                        .retry(reason: "no"), of: try #require(claimed.first), leavesTrace: false)
                    _ = try await bench.trip(settling: [settlement], at: Int64(round) * 10_000)
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    guard case .present(let view)? = try await client.job(job.id, in: [bench.queue]) else {
                        Issue.record("it is there all the time")
                        return
                    }
                    if view.state == .due { #expect(view.envelope.attempts > 0 && view.lastError?.message == "no") }
                }
            }
            try await group.next()
            group.cancelAll()
            // The cancelled one ends with an error or without.
            _ = await group.nextResult()
        }
        await looker.shutdown()
    }
}
