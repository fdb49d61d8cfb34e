import Postgres
import Redis
import Synchronization
import TestKit
import Testing

@testable import Jobs
@testable import Queue

@Suite(.timeLimit(.minutes(2)))
struct OutboxRelayTests {
    private struct Crash: Error {}

    @Test func relaysOnceInOrder() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(1_200)
            let relay = bench.relay()
            try await relay.relayAll()
            #expect(try await bench.ready() == ids)
            #expect(try await bench.counts() == [0, 1_200, 0])
            try await relay.relayAll()
            #expect(try await bench.drain() == ids)
            try await bench.record()
            #expect(try await bench.counts() == [0, 0, 1_200])
            try await relay.relayAll()
            #expect(try await bench.drain().isEmpty)
            let left = try await bench.pool.query(
                PostgresStatement("t", "SELECT sum(octet_length(arguments)) AS bytes FROM jobs.outbox"))
            #expect(try left[0].integer("bytes") == 0)
        }
    }

    @Test func keepsALongBatchWithinItsBytes() async throws {
        try await OutboxBench.run { bench in
            var jobs: [NewJob] = []
            for _ in 0..<20 {
                jobs.append(bench.job("\"" + String(repeating: "x", count: 1_000_000) + "\""))
                _ = try await bench.store.insert(
                    Submission(groups: [.init(jobs: [jobs.last ?? bench.job()])]), to: bench.name)
            }
            let rows = try #require(
                try await bench.store.withRelayRight {
                    try await $0.waiting(maximumRows: OutboxRelay.batchRows, maximumBytes: OutboxRelay.batchBytes)
                })
            #expect(rows.map(\.job.id) == jobs.prefix(8).map(\.id))
            // One submission alone is never cut.
            let one = try #require(
                try await bench.store.withRelayRight { try await $0.waiting(maximumRows: 10, maximumBytes: 10) })
            #expect(one.map(\.job.id) == [jobs[0].id])
            try await bench.relay().relayAll()
            #expect(try await bench.ready() == jobs.map(\.id))
        }
    }

    @Test func submissionsStayWholeAndKeepTheirReceipts() async throws {
        try await OutboxBench.run { bench in
            let (first, second) = (bench.job(), bench.job())
            let submission = Submission(
                receipt: Receipt(key: "request", digest: "d"),
                groups: [
                    .init(receipt: Receipt(key: "event-1", digest: "a"), jobs: [first]), .init(jobs: []),
                    .init(receipt: Receipt(key: "event-2", digest: "b"), jobs: []), .init(jobs: [second]),
                ])
            _ = try await bench.store.insert(submission, to: bench.name)
            try await bench.relay().relayAll()
            #expect(try await bench.ready() == [first.id, second.id])
            // The same again by way of Redis is known there, as a whole and each of its events.
            let repeated = try await bench.queue.submit(submission, to: bench.name)
            let answer = SubmissionResult.accepted([
                .init(ids: [first.id], isDuplicate: true), .init(ids: [], isDuplicate: true),
                .init(ids: [], isDuplicate: true), .init(ids: [second.id], isDuplicate: true),
            ])
            #expect(repeated == answer)
            let event = Submission(groups: [.init(receipt: Receipt(key: "event-1", digest: "a"), jobs: [bench.job()])])
            #expect(
                try await bench.queue.submit(event, to: bench.name)
                    == .accepted([.init(ids: [first.id], isDuplicate: true)]))
            let conflict = Submission(groups: [.init(receipt: Receipt(key: "event-2", digest: "x"), jobs: [])])
            #expect(try await bench.queue.submit(conflict, to: bench.name) == .conflict(group: 0))
        }
    }

    /// A relay dies at a step; its jobs run and are recorded, or not; the next one finishes what it has begun.
    @Test(arguments: OutboxRelay.Step.allCases, [0, 1, 2])
    func relayKilledAtAnyStepDoublesNothing(_ step: OutboxRelay.Step, _ progress: Int) async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(20)
            let victim = bench.relay { if $0 == step { throw Crash() } }
            await #expect(throws: Crash.self) { try await victim.relayAll() }
            var ran: [JobID] = []
            // The jobs that it has enqueued are still there, have ended, or have ended and are in the history.
            if progress > 0 { ran += try await bench.drain() }
            if progress > 1 { try await bench.record() }
            let next = bench.relay()
            try await next.relayAll()
            ran += try await bench.drain()
            #expect(ran == ids, "each once and in order")
            try await bench.record()
            try await next.relayAll()
            #expect(try await bench.drain().isEmpty)
            #expect(try await bench.counts() == [0, 0, 20])
        }
    }

    /// Relays that die at random steps, one after the other and two at a time, while jobs come, run and are recorded.
    @Test(arguments: 1...6)
    func anySequenceOfDeathsRunsEachJobOnceInOrder(_ seed: UInt64) async throws {
        try await OutboxBench.run { bench in
            var random = SeededRandom(seed: seed)
            var (ids, ran): ([JobID], [JobID]) = ([], [])
            for _ in 0..<15 {
                ids += try await bench.insert(Int.random(in: 0...5, using: &random))
                let fatal = OutboxRelay.Step.allCases.randomElement(using: &random)
                let isFatal = Bool.random(using: &random)
                let relay = bench.relay { if isFatal, $0 == fatal { throw Crash() } }
                async let other: Void? = try? bench.otherRelay().relayAll()
                do { try await relay.relayAll() } catch is Crash {}
                _ = await other
                if Bool.random(using: &random) { ran += try await bench.drain() }
                if Bool.random(using: &random) { try await bench.record() }
            }
            try await bench.relay().relayAll()
            ran += try await bench.drain()
            #expect(ran == ids, "seed \(seed)")
        }
    }

    /// Between any two of the relay's looks the jobs of an earlier, interrupted batch end, and leave Redis too: after the
    /// last look they cannot, since the recorder waits for the rows.
    @Test(arguments: [
        (OutboxRelay.Step.read, 1), (.read, 2), (.looked, 1), (.looked, 2), (.rechecked, 1), (.decided, 1),
    ])
    func jobsThatEndBetweenTheLooksAreNotDoubled(_ step: OutboxRelay.Step, _ progress: Int) async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(5)
            await #expect(throws: Crash.self) {
                try await bench.relay { if $0 == .enqueued { throw Crash() } }.relayAll()
            }
            let ran = Mutex<[JobID]>([])
            try await bench.relay { now in
                guard now == step else { return }
                let done = try await bench.drain()
                ran.withLock { $0 += done }
                if progress > 1 { try await bench.record() }
            }.relayAll()
            #expect(try await bench.drain().isEmpty)
            #expect(ran.withLock { $0 } == ids)
        }
    }

    @Test func relayThatWasFrozenAndReplacedIsFenced() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(5)
            let ran = Mutex<[JobID]>([])
            let wasFrozen = Atomic(false)
            let frozen = bench.relay { step in
                guard step == .decided, !wasFrozen.exchange(true, ordering: .relaxed) else { return }
                // The server takes the right from it; another relays, and all of it ends and leaves Redis.
                try await bench.pool.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'idle in transaction'
                    """)
                try await Waiting.until("the other relay to have the right") {
                    try await bench.otherRelay().relayAll()
                    return try await bench.counts()[0] == 0
                }
                let done = try await bench.drain()
                ran.withLock { $0 += done }
                try await bench.record()
            }
            do { try await frozen.relayAll() } catch {}  // its transaction is gone
            #expect(try await bench.drain().isEmpty)
            #expect(ran.withLock { $0 } == ids)
            // It goes on as soon as it has the right again, with a fence that is newer than the other's.
            let more = try await bench.insert(3)
            try await Waiting.until("it to relay again") {
                do { try await frozen.relayAll() } catch {}
                return try await bench.counts()[0] == 0
            }
            #expect(try await bench.drain() == more)
        }
    }

    @Test func onlyOneHoldsTheRight() async throws {
        try await OutboxBench.run { bench in
            _ = try await bench.insert(2)
            try await bench.relay { step in
                guard step == .read else { return }
                guard case .standby = try await bench.otherRelay().relayBatch() else {
                    Issue.record("two relays at a time")
                    return
                }
            }.relayAll()
            #expect(try await bench.counts() == [0, 2, 0])
        }
    }

    // MARK: - What came by both ways

    /// Redis carried a submission out, but its answer was lost, so it came to the outbox too.
    @Test(arguments: [true, false], [0, 1, 2])
    func submissionThatCameByBothWaysRunsOnce(_ hasReceipt: Bool, _ progress: Int) async throws {
        try await OutboxBench.run { bench in
            let receipt = hasReceipt ? Receipt(key: "event", digest: "d") : nil
            let submission = Submission(groups: [.init(receipt: receipt, jobs: [bench.job(), bench.job()])])
            _ = try await bench.queue.submit(submission, to: bench.name, isGuarded: true)
            var ran: [JobID] = []
            if progress > 0 { ran += try await bench.drain() }
            if progress > 1 { try await bench.record() }
            _ = try await bench.store.insert(submission, to: bench.name)
            try await bench.relay().relayAll()
            ran += try await bench.drain()
            #expect(ran == submission.groups[0].jobs.map(\.id))
            try await bench.record()
            let relay = bench.relay()
            try await relay.relayAll()
            while try await relay.sweepSlice(after: 0)?.lost ?? 0 > 0 {}
            #expect(try await bench.drain().isEmpty)
            #expect(try await bench.counts()[2] == 2)
        }
    }

    /// The call that a frozen Redis had in its socket comes after the relay's.
    @Test(arguments: [true, false])
    func lateCallToRedisChangesNothing(_ hasReceipt: Bool) async throws {
        try await OutboxBench.run { bench in
            let receipt = hasReceipt ? Receipt(key: "event", digest: "d") : nil
            let submission = Submission(groups: [.init(receipt: receipt, jobs: [bench.job()])])
            _ = try await bench.store.insert(submission, to: bench.name)
            try await bench.relay().relayAll()
            _ = try await bench.queue.submit(submission, to: bench.name, isGuarded: true)
            #expect(try await bench.ready().count == 1)
            #expect(try await bench.drain().count == 1)
            // Its trace is still in Redis.
            _ = try await bench.queue.submit(submission, to: bench.name, isGuarded: true)
            #expect(try await bench.drain().isEmpty)
        }
    }

    @Test func repeatedSubmissionThatRedisKnewEndsInFavourOfTheFirst() async throws {
        try await OutboxBench.run { bench in
            func submission() -> Submission {
                Submission(groups: [.init(receipt: Receipt(key: "event", digest: "d"), jobs: [bench.job()])])
            }
            let (first, again) = (submission(), submission())
            _ = try await bench.queue.submit(first, to: bench.name)
            // The outbox cannot know, as Redis is away.
            _ = try await bench.store.insert(again, to: bench.name)
            try await bench.relay().relayAll()
            #expect(try await bench.ready() == first.groups[0].jobs.map(\.id))
            let row = try #require(try await bench.store.find(id: again.groups[0].jobs[0].id))
            #expect(row.isEnded && row.carriedBy == first.groups[0].jobs[0].id.description)
        }
    }

    @Test func whatWasAcceptedInSpiteOfAConflictIsDone() async throws {
        try await OutboxBench.run { bench in
            func submission(_ digest: String) -> Submission {
                Submission(groups: [.init(receipt: Receipt(key: "event", digest: digest), jobs: [bench.job()])])
            }
            let (first, other) = (submission("a"), submission("b"))
            _ = try await bench.queue.submit(first, to: bench.name)
            _ = try await bench.store.insert(other, to: bench.name)
            try await bench.relay().relayAll()
            #expect(try await bench.ready() == [first, other].map { $0.groups[0].jobs[0].id })
        }
    }

    // MARK: - Keys, cancelling, kinds without a trace

    @Test func debouncedRowsEndWithTheJobThatTookThemOver() async throws {
        try await OutboxBench.run { bench in
            let key = JobKey.debounce("k", quietMilliseconds: 60_000, longestMilliseconds: 60_000)
            // The first came by way of Redis alone, of a kind that leaves no trace.
            let first = bench.job("1", key: key, kind: "silent")
            _ = try await bench.queue.submit(Submission(groups: [.init(jobs: [first])]), to: bench.name)
            let others = (2...3).map { bench.job("\($0)", key: key, kind: "silent") }
            for job in others {
                _ = try await bench.store.insert(Submission(groups: [.init(jobs: [job])]), to: bench.name)
            }
            let relay = bench.relay()
            try await relay.relayAll()
            #expect(try await bench.counts() == [0, 2, 0])
            for job in others {
                #expect(try await bench.store.find(id: job.id)?.carriedBy == first.id.description)
            }
            // Lost before it ran: the newest data are given again.
            try await bench.forgetEverything()
            try await relay.relayAll()
            #expect(try await bench.counts() == [0, 2, 0])
            #expect(try await bench.queue.flush(debounceKey: "k", in: bench.name) == others[0].id)
            #expect(try await bench.drain() == [others[0].id])
            try await bench.record()
            #expect(try await bench.counts() == [0, 0, 2])
            #expect(try await relay.sweepSlice(after: 0)?.lost == 0)
        }
    }

    @Test func debouncedRowsThatARedisJobCarriesEndWithIt() async throws {
        try await OutboxBench.run { bench in
            let key = JobKey.debounce("k", quietMilliseconds: 60_000, longestMilliseconds: 60_000)
            let first = bench.job("1", key: key, kind: "silent")
            _ = try await bench.queue.submit(Submission(groups: [.init(jobs: [first])]), to: bench.name)
            let second = bench.job("2", key: key, kind: "silent")
            _ = try await bench.store.insert(Submission(groups: [.init(jobs: [second])]), to: bench.name)
            try await bench.relay().relayAll()
            _ = try await bench.queue.flush(debounceKey: "k", in: bench.name)
            #expect(try await bench.drain() == [first.id])
            try await bench.record()
            #expect(try await bench.counts() == [0, 0, 1])
        }
    }

    @Test func rowOfAUniqueJobEndsInFavourOfTheOneThatHoldsItsKey() async throws {
        try await OutboxBench.run { bench in
            let jobs = (0..<2).map { _ in bench.job(key: .unique("k")) }
            for job in jobs {
                _ = try await bench.store.insert(Submission(groups: [.init(jobs: [job])]), to: bench.name)
            }
            try await bench.relay().relayAll()
            #expect(try await bench.counts() == [0, 1, 1])
            #expect(try await bench.store.find(id: jobs[1].id)?.carriedBy == jobs[0].id.description)
            #expect(try await bench.drain() == [jobs[0].id])
        }
    }

    @Test func cancelledAndSupersededRowsEnd() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(2)
            let relay = bench.relay()
            try await relay.relayAll()
            #expect(try await bench.queue.cancel(ids[0], in: bench.name) == .cancelled)
            try await bench.record()
            #expect(try await bench.counts() == [0, 1, 1])
            try await bench.forgetEverything()
            try await relay.relayAll()
            #expect(try await bench.drain() == [ids[1]])
        }
    }

    @Test func jobsOfTheOutboxLeaveATraceWhateverTheirKindSays() async throws {
        try await OutboxBench.run { bench in
            let job = bench.job(kind: "silent")
            _ = try await bench.store.insert(Submission(groups: [.init(jobs: [job])]), to: bench.name)
            try await bench.relay().relayAll()
            #expect(try await bench.drain() == [job.id])
            try await bench.record()
            #expect(try await bench.counts() == [0, 0, 1])
            #expect(try await FinishedStore(pool: bench.pool).find(id: job.id.description)?.state == .done)
        }
    }

    /// Its answer was lost, it has ended, and its kind leaves no trace: only its receipt tells.
    @Test func receiptStandsForAJobThatEndedWithoutATrace() async throws {
        try await OutboxBench.run { bench in
            let submission = Submission(
                groups: [.init(receipt: Receipt(key: "k", digest: "d"), jobs: [bench.job(kind: "silent")])])
            _ = try await bench.queue.submit(submission, to: bench.name, isGuarded: true)
            #expect(try await bench.drain().count == 1)
            _ = try await bench.store.insert(submission, to: bench.name)
            try await bench.relay().relayAll()
            #expect(try await bench.drain().isEmpty)
            #expect(try await bench.counts() == [0, 0, 1])
        }
    }

    @Test func queueThatIsFullIsTriedAgain() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(3)
            let small = QueueClient(redis: bench.redis, namespace: bench.namespace, maximumQueueLength: 2)
            let relay = OutboxRelay(queue: small, store: bench.store, listener: nil, logger: OutboxBench.silent)
            try await relay.relayAll()
            #expect(try await bench.counts() == [1, 2, 0])
            var ran = try await bench.drain()
            try await relay.relayAll()
            ran += try await bench.drain()
            #expect(ran == ids)
        }
    }

    @Test func fullQueueHoldsUpNoOther() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(OutboxRelay.batchRows + 10)
            let other = bench.job()
            _ = try await bench.store.insert(Submission(groups: [.init(jobs: [other])]), to: "other")
            let small = QueueClient(redis: bench.redis, namespace: bench.namespace, maximumQueueLength: 5)
            let relay = OutboxRelay(queue: small, store: bench.store, listener: nil, logger: OutboxBench.silent)
            try await relay.relayAll()
            #expect(try await bench.counts() == [Int64(ids.count - 5), 6, 0])
            #expect(try await bench.queue.unknown(of: [other.id], in: "other").isEmpty)
        }
    }

    @Test func jobThatWaitsInTheOutboxCanBeCancelledThere() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(2)
            #expect(try await bench.store.cancel(ids[0], note: "by a person"))
            #expect(try await !bench.store.cancel(ids[0], note: "again"))
            let finished = try await FinishedStore(pool: bench.pool).find(id: ids[0].description)
            #expect(finished?.state == .cancelled && finished?.note == "by a person")
            // The relay is about to give the other to Redis: the cancel waits, and then finds it given.
            let cancel = Mutex<Task<Bool, any Error>?>(nil)
            try await bench.relay { step in
                guard step == .rechecked else { return }
                let store = OutboxStore(pool: bench.otherPool)
                let task = Task.detached { try await store.cancel(ids[1], note: "") }
                cancel.withLock { $0 = task }
                try await Waiting.until("the cancel to wait") {
                    try await !bench.otherPool.query(
                        PostgresStatement(
                            "t_waits",
                            """
                            SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                            """)
                    ).isEmpty
                }
            }.relayAll()
            #expect(try await cancel.withLock { $0 }?.value == false)
            #expect(try await bench.drain() == [ids[1]])
        }
    }

    // MARK: - What Redis lost

    @Test func whatRedisLostIsGivenAgainAndNothingElse() async throws {
        try await OutboxBench.run { bench in
            let relay = bench.relay()
            let ended = try await bench.insert(3)
            try await relay.relayAll()
            _ = try await bench.drain()
            try await bench.record()
            let delayed = bench.job(delayMilliseconds: 60_000)
            _ = try await bench.store.insert(
                Submission(groups: [.init(receipt: Receipt(key: "k", digest: "d"), jobs: [delayed])]), to: bench.name)
            let waiting = try await bench.insert(2_500)
            try await relay.relayAll()
            #expect(try await bench.counts() == [0, 2_501, 3])
            try await bench.forgetEverything()
            try await relay.relayAll()
            #expect(try await bench.ready() == waiting)
            let due = try await bench.queue.job(delayed.id, in: [bench.name])
            guard case .present(let view)? = due else {
                Issue.record("the delayed job is not back: \(String(describing: due))")
                return
            }
            #expect(view.state == .due)
            #expect(Set(try await bench.drain()).isDisjoint(with: ended))
        }
    }

    /// Some of it is lost, receipts are not: an append-only file that was cut, say.
    @Test func sweepFindsWhatIsMissingWhateverTheReceiptsSay() async throws {
        try await OutboxBench.run { bench in
            let relay = bench.relay()
            var jobs: [NewJob] = []
            for number in 0..<6 {
                jobs.append(bench.job())
                let group = Submission.Group(receipt: Receipt(key: "k\(number)", digest: "d"), jobs: [jobs[number]])
                _ = try await bench.store.insert(Submission(groups: [group]), to: bench.name)
            }
            try await relay.relayAll()
            let keys = Keys(namespace: bench.namespace, queue: bench.name)
            for job in [jobs[1], jobs[4]] {
                _ = try await bench.redis.run(RedisCommand("HDEL", arguments: [keys.jobs, job.id.description]))
                _ = try await bench.redis.run(
                    RedisCommand("LREM", arguments: [keys.lane("lane"), "0", job.id.description]))
            }
            #expect(try await relay.sweepSlice(after: 0)?.lost == 2)
            #expect(try await bench.counts() == [2, 4, 0])
            try await relay.relayAll()
            #expect(try await bench.ready() == [0, 2, 3, 5, 1, 4].map { jobs[$0].id })
            #expect(try await relay.sweepSlice(after: 0)?.lost == 0)
        }
    }

    /// The sweep looks while a job ends, is recorded and leaves Redis, between its look there and the one in Postgres.
    @Test func jobThatEndsDuringTheSweepIsNotDoubled() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(2)
            try await bench.relay().relayAll()
            #expect(try await bench.drain() == ids)
            let rows = try #require(try await bench.store.withRelayRight { try await $0.underWay(after: 0, count: 10) })
            try await bench.record()
            #expect(try await bench.queue.unknown(of: rows.map(\.job), in: bench.name) == ids)
            #expect(try await bench.store.withRelayRight { try await $0.takeBack(rows.map(\.number)) } == 0)
            #expect(try await bench.counts() == [0, 0, 2])
        }
    }

    /// A recorder of an earlier release does not know the outbox: the sweep ends what the history knows.
    @Test func rowOfAJobInTheHistoryEnds() async throws {
        try await OutboxBench.run { bench in
            let ids = try await bench.insert(2)
            let relay = bench.relay()
            try await relay.relayAll()
            try await bench.pool.execute(
                """
                INSERT INTO jobs.finished (id, kind, queue, state, attempts, crashes, deferrals, finished_at)
                VALUES ('\(ids[0])', 'kind', 'test', 'done', 1, 0, 0, now())
                """)
            try await bench.forgetEverything()
            #expect(try await relay.sweepSlice(after: 0)?.lost == 1)
            #expect(try await bench.counts() == [1, 0, 1])
        }
    }

    @Test func fenceThatWasLostWithTheDatabaseIsCaughtUp() async throws {
        try await OutboxBench.run { bench in
            let keys = Keys(namespace: bench.namespace, queue: bench.name)
            _ = try await bench.redis.run(RedisCommand("HSET", arguments: [keys.meta, "relay", "1000000"]))
            let ids = try await bench.insert(2)
            let relay = bench.relay()
            try await relay.relayAll()
            #expect(try await bench.ready().isEmpty)
            try await relay.relayAll()
            #expect(try await bench.ready() == ids)
        }
    }
}
