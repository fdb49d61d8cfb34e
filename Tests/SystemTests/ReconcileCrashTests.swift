import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// A worker that dies while it looks for what Twenty did not tell: each change is told, and told once.
    @Suite(.serialized) struct ReconcileCrashTests {
        private static let lostCount = 150

        /// A search over three pages that has not begun; those of whom nobody told, and who is told.
        private func run(
            _ body: (_ peers: Peers, _ product: Product, _ target: FakeTarget, _ lost: [String]) async throws -> Void
        ) async throws {
            try await withCRM { peers, product in
                let target = try FakeTarget()
                _ = try await product.makeEndpoint(target, ["person.*"])
                _ = try await product.accept(Samples.record("person", id: FakeTarget.warmRecord), making: 1)
                _ = try await target.requests(1)
                #expect(try await product.reconcile().hasSuffix("0 changes that were not told"))
                let lost = try await product.losePeople(Self.lostCount, peers)
                try await peers.clearCalls(.twenty)
                try await body(peers, product, target, lost)
            }
        }

        /// The warm record and the first page are told, and no delivery is under way, which a dying worker would do twice.
        private func waitForPage(_ product: Product, _ target: FakeTarget) async throws {
            _ = try await target.requests(61)
            try await Waiting.until("the deliveries to end") {
                try await product.client.queues()["webhooks"]?.prefix(3) == [0, 0, 0]
            }
        }

        private func expectToldOnce(_ product: Product, _ target: FakeTarget, _ lost: [String]) async throws {
            try await product.finishWork(in: "crm", "webhooks")
            let told = try target.told()
            #expect(Set(told.keys) == Set(lost))
            for (record, ids) in told { #expect(ids.count == 1, "\(record): \(ids)") }
            #expect(try await product.reconcile().hasSuffix(" 0 changes that were not told"))
            #expect(try await product.client.dead().isEmpty)
        }

        /// While it waits for the second page.
        @Test func goesOnWithThePageThatItHadNotRead() async throws {
            try await run { peers, product, target, lost in
                try await peers.fault(
                    .twenty, #"{"path_prefix":"/rest/people","mode":"delay","count":1}"#,
                    #"{"path_prefix":"/rest/people","mode":"hang","count":1}"#)
                let job = try await product.startReconciliation()
                try await Waiting.until("the second page to be asked for") {
                    try await peers.calls(.twenty, under: "/rest/people").last?["status"]?.integer == 0
                }
                try await waitForPage(product, target)
                await product.workers[0].kill()
                try await peers.clearFaults(.twenty)
                _ = try await product.startWorker()
                let done = try await product.client.job(job, toBe: "done", within: .seconds(40))
                #expect(done["note"]?.string?.hasSuffix(" 90 changes that were not told") == true, "\(done)")
                #expect(done["crashes"]?.integer == 1)
                try await expectToldOnce(product, target, lost)
            }
        }

        private static let hold = PostgresStatement(
            "test_hold", "SELECT FROM jobs.reconciliations WHERE object = 'person' FOR UPDATE")

        /// What the worker waits for, having enqueued a page.
        private static let note = """
            FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            AND query LIKE 'UPDATE jobs.reconciliations%'
            """

        private static let waits = PostgresStatement("test_waits", "SELECT \(note)")

        /// The server would carry out what a dead worker waited for.
        private static let end = PostgresStatement("test_end", "SELECT pg_terminate_backend(pid) \(note)")

        /// When the jobs of a page are enqueued and nothing says yet that they are: the page is read again, before or after
        /// they have run.
        @Test(arguments: [false, true]) func aPageThatIsReadTwiceIsToldOnce(isTold: Bool) async throws {
            try await run { _, product, target, lost in
                if !isTold { _ = try await product.ask(.post, "/v1/queues/webhooks/pause") }
                let job = try await product.database.transaction { transaction in
                    _ = try await transaction.query(Self.hold)
                    let job = try await product.startReconciliation()
                    if isTold {
                        try await waitForPage(product, target)
                    } else {
                        try await Waiting.until("the first page to wait") {
                            try await product.client.queues()["webhooks"]?.first == 60
                        }
                    }
                    try await Waiting.until("the worker to note how far it is") {
                        try await !product.database.query(Self.waits).isEmpty
                    }
                    await product.workers[0].kill()
                    #expect(try await product.database.query(Self.end).count == 1)
                    return job
                }
                _ = try await product.startWorker()
                try await product.client.job(job, toBe: "done", within: .seconds(40))
                if !isTold { _ = try await product.ask(.post, "/v1/queues/webhooks/resume") }
                try await expectToldOnce(product, target, lost)
            }
        }
    }
}
