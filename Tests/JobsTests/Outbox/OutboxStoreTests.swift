import Postgres
import TestKit
import Testing

@testable import Jobs
@testable import Queue

@Suite(.timeLimit(.minutes(2)))
struct OutboxStoreTests {
    @Test func keepsAJobAsItIs() async throws {
        try await OutboxBench.run { bench in
            let bytes: [UInt8] = Array(#"{"a":1.50,"b":"\u0000 é 😀 \\ '"}"#.utf8) + [0, 0xFF]
            var job = NewJob(
                id: JobID(nowMilliseconds: 7), kind: "kind", arguments: bytes,
                policy: RetryPolicy(listedMilliseconds: [1, 60_000], jitterPercent: 20), lane: "lane",
                delayMilliseconds: 60_000, key: .unique("k", lifetimeMilliseconds: 5_000),
                orderKey: "ep_1:CA1", timeLimitMilliseconds: 1_500, version: 3)
            let result = try await bench.store.insert(Submission(groups: [.init(jobs: [job])]), to: bench.name)
            #expect(result == .accepted([.init(ids: [job.id], isDuplicate: false)]))
            let rows = try #require(
                try await bench.store.withRelayRight { try await $0.waiting(maximumRows: 10, maximumBytes: 1_000) })
            #expect(rows.count == 1)
            job.envelope.options.isTracked = true
            #expect(rows[0].job.id == job.id && rows[0].job.envelope == job.envelope && rows[0].job.key == job.key)
            #expect(rows[0].queue == bench.name && !rows[0].wasRelayed)
            #expect((55_000...60_000).contains(rows[0].job.delayMilliseconds))
            let found = try #require(try await bench.store.find(id: job.id))
            #expect(found.kind == "kind" && found.lane == "lane" && found.policy == job.envelope.policy)
            #expect(!found.isRelayed && !found.isEnded && found.carriedBy == nil)
            #expect((found.runAtMilliseconds ?? 0) - found.createdAtMilliseconds >= 59_000)
            #expect(try await bench.store.find(id: JobID(nowMilliseconds: 5)) == nil)
        }
    }

    /// The same submissions, some new, some repeated, some in conflict, get the same answers by either way.
    @Test(arguments: 1...8)
    func answersAsRedisDoes(_ seed: UInt64) async throws {
        try await OutboxBench.run { bench in
            var random = SeededRandom(seed: seed)
            for step in 0..<60 {
                let submission = Self.submission(bench, &random)
                let redis = try await bench.queue.submit(submission, to: bench.name)
                let outbox = try await bench.store.insert(submission, to: bench.name)
                #expect(redis == outbox, "seed \(seed), step \(step)")
            }
        }
    }

    private static func submission(_ bench: OutboxBench, _ random: inout SeededRandom) -> Submission {
        func receipt(_ prefix: String, _ random: inout SeededRandom) -> Receipt? {
            guard Int.random(in: 0..<3, using: &random) > 0 else { return nil }
            let key = prefix + "\(Int.random(in: 0..<12, using: &random))"
            return Receipt(key: key, digest: Int.random(in: 0..<6, using: &random) == 0 ? "b" : "a")
        }
        let groups = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            Submission.Group(
                receipt: receipt("event-", &random),
                jobs: (0..<Int.random(in: 0...2, using: &random)).map { _ in bench.job() })
        }
        // A request is repeated with as many events as the first time: its digest is of its body.
        let request = receipt("request-\(groups.count)-", &random)
        return Submission(receipt: request, groups: groups)
    }

    @Test func manyAtOnceWithOneReceiptAreWrittenOnce() async throws {
        try await OutboxBench.run { bench in
            let results = try await withThrowingTaskGroup(of: SubmissionResult.self) { group in
                for number in 0..<20 {
                    let receipts = [Receipt(key: "event-a", digest: "d"), Receipt(key: "event-b", digest: "d")]
                    // In either order: the transactions must not wait for each other in a ring.
                    let groups = (number % 2 == 0 ? receipts : receipts.reversed())
                        .map { Submission.Group(receipt: $0, jobs: [bench.job()]) }
                    group.addTask { try await bench.store.insert(Submission(groups: groups), to: bench.name) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let groups = results.flatMap { result -> [SubmissionResult.Group] in
                if case .accepted(let groups) = result { groups } else { [] }
            }
            #expect(groups.count == 40)
            #expect(groups.count { !$0.isDuplicate } == 2)
            #expect(Set(groups.flatMap(\.ids)).count == 2)
            #expect(try await bench.counts() == [2, 0, 0])
        }
    }

    @Test func receiptIsForgottenAfterADay() async throws {
        try await OutboxBench.run { bench in
            func submission() -> Submission {
                Submission(groups: [.init(receipt: Receipt(key: "k", digest: "d"), jobs: [bench.job()])])
            }
            _ = try await bench.store.insert(submission(), to: bench.name)
            try await bench.pool.execute(
                "UPDATE jobs.outbox_receipt SET created_at = created_at - interval '25 hours'")
            let again = submission()
            #expect(
                try await bench.store.insert(again, to: bench.name)
                    == .accepted([.init(ids: again.groups[0].jobs.map(\.id), isDuplicate: false)]))
        }
    }

    @Test func outboxThatIsFullSaysSo() async throws {
        try await OutboxBench.run { bench in
            let store = OutboxStore(pool: bench.pool, maximumWaiting: 3)
            func submission(_ receipt: Receipt? = nil) -> Submission {
                Submission(groups: [.init(receipt: receipt, jobs: [bench.job()])])
            }
            for _ in 0..<3 { _ = try await store.insert(submission(), to: bench.name) }
            #expect(try await store.insert(submission(), to: bench.name) == .full(waiting: 3))
            let receipt = Receipt(key: "k", digest: "d")
            #expect(try await store.insert(submission(receipt), to: bench.name) == .full(waiting: 3))
            #expect(try await bench.counts() == [3, 0, 0])
            try await bench.relay().relayAll()
            guard case .accepted(let groups) = try await store.insert(submission(receipt), to: bench.name) else {
                Issue.record("the refused receipt was kept")
                return
            }
            #expect(!groups[0].isDuplicate)
            // What is under way does not count, however wide the range of its numbers.
            for _ in 0..<2 { _ = try await store.insert(submission(), to: bench.name) }
            #expect(try await store.insert(submission(), to: bench.name) == .full(waiting: 3))
        }
    }

    @Test func pruneRemovesWhatEndedADayAgo() async throws {
        try await OutboxBench.run { bench in
            let receipt = Receipt(key: "k", digest: "d")
            let old = bench.job()
            _ = try await bench.store.insert(
                Submission(groups: [.init(receipt: receipt, jobs: [old])]), to: bench.name)
            let young = try await bench.insert(1)
            try await bench.pool.execute(
                """
                UPDATE jobs.outbox SET ended_at = clock_timestamp() - interval '25 hours' WHERE id = '\(old.id)';
                UPDATE jobs.outbox SET ended_at = clock_timestamp() - interval '23 hours' WHERE id = '\(young[0])';
                UPDATE jobs.outbox_receipt SET created_at = created_at - interval '25 hours'
                """)
            #expect(try await !bench.store.prune(10))
            #expect(try await bench.store.find(id: old.id) == nil)
            #expect(try await bench.store.find(id: young[0]) != nil)
            #expect(try await bench.pool.query(PostgresStatement("t", "SELECT 1 FROM jobs.outbox_receipt")).isEmpty)
        }
    }

    /// However much has ended, neither the relay nor the sweep reads any of it.
    @Test func neverReadsWhatHasEnded() async throws {
        try await OutboxBench.run { bench in
            try await bench.pool.execute(
                """
                INSERT INTO jobs.outbox (id, submission, queue, kind, arguments, policy, relayed_at, ended_at)
                SELECT jobs.make_job_id(), 'x', 'test', 'kind', '{}', '3x5000', now(), now()
                FROM generate_series(1, 20000);
                ANALYZE jobs.outbox
                """)
            _ = try await bench.insert(3)
            for condition in ["relayed_at IS NULL", "relayed_at IS NOT NULL"] {
                let plan = try await bench.pool.query(
                    PostgresStatement(
                        "t_\(condition.count)",
                        """
                        EXPLAIN SELECT number FROM jobs.outbox
                        WHERE \(condition) AND ended_at IS NULL AND number > 0 ORDER BY number LIMIT 1000
                        """))
                let text = try plan.map { try $0.string("QUERY PLAN") }.joined(separator: "\n")
                #expect(text.contains("outbox_waiting") || text.contains("outbox_under_way"), "\(text)")
            }
        }
    }
}
