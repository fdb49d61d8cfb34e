import Queue
import TestKit
import Testing

@testable import Operator

@Suite(.timeLimit(.minutes(1)))
struct QueueResourceTests {
    @Test func showsEveryFieldOfTheContract() async throws {
        let bench = try await OperatorBench()
        #expect(
            try bench.json(try await bench.queueDesk.queues(["webhooks"])) == """
                [{"backlog_seconds":0,"counters":{},"dead":0,"done_per_second":null,"due":0,\
                "enqueued_per_second":null,"lanes":{"count":0,"held":0},"name":"webhooks","oldest_ready_seconds":0,"paused":false,"ready":0,\
                "running":0}]
                """)
    }

    @Test func backlogIsKnownAtTheFirstLookOfAnyProcess() async throws {
        let bench = try await OperatorBench()
        // Somebody, such as the scheduler, looked 20 s ago.
        _ = try await bench.client(at: 100_000).pace(of: ["webhooks"])
        try await bench.enqueue(30, to: "webhooks", at: 100_000)
        try await bench.finish(10, in: "webhooks")
        let queue = try #require(try await bench.queueDesk(at: 120_000).queues(["webhooks"]).first)
        #expect(queue.ready == 20)
        #expect(queue.donePerSecond == 0.5 && queue.enqueuedPerSecond == 1.5)
        #expect(queue.backlogSeconds == 40)
        #expect(queue.counters["done"] == 10)
    }

    @Test func withNothingEndingTheBacklogHasNoEnd() async throws {
        let bench = try await OperatorBench()
        _ = try await bench.client(at: 100_000).pace(of: ["webhooks"])
        try await bench.enqueue(1, to: "webhooks", at: 100_000)
        let queue = try #require(try await bench.queueDesk(at: 120_000).queues(["webhooks"]).first)
        #expect(queue.backlogSeconds == nil && queue.donePerSecond == 0)
    }

    @Test func pausesAndResumes() async throws {
        let bench = try await OperatorBench()
        #expect(try await bench.queueDesk.setPaused(true, "crm")?.paused == true)
        #expect(try await bench.queueDesk.queues().map(\.paused) == [false, true, false, false, false])
        #expect(try await bench.queueDesk.setPaused(false, "crm")?.paused == false)
        #expect(bench.queueDesk.name("crm") == "crm" && bench.queueDesk.name("nope") == nil)
        #expect(bench.queueDesk.name("no such name") == nil)
    }
}
