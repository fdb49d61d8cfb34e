import Redis
import TestKit
import Testing

@testable import Queue

/// Jobs of one order key run one after another. Time stands still unless a test says so.
@Suite(.timeLimit(.minutes(1)))
struct OrderScriptTests {
    private func job(
        _ name: String, _ order: String? = "k", lane: String = "", delay: Int64 = 0, key: JobKey? = nil,
        attempts: Int = 2
    ) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: Array("\"\(name)\"".utf8),
            policy: RetryPolicy(attempts: attempts, delayMilliseconds: 5_000), lane: lane, delayMilliseconds: delay,
            key: key, orderKey: order)
    }

    @discardableResult
    private func enqueue(
        _ bench: ScriptBench, _ jobs: NewJob..., at now: Int64 = 1_000
    ) async throws -> [SubmissionResult.Item] {
        try await bench.client(at: now).enqueue(jobs, to: bench.queue)
    }

    private func claim(_ bench: ScriptBench, at now: Int64 = 1_000) async throws -> [ClaimedJob] {
        try await bench.trip(want: 99, at: now).jobs
    }

    private func names(_ jobs: [ClaimedJob]) -> [String] {
        jobs.map { String(decoding: $0.envelope.arguments.dropFirst().dropLast(), as: UTF8.self) }.sorted()
    }

    private func settle(
        _ bench: ScriptBench, _ jobs: [ClaimedJob], _ outcome: JobOutcome = .done(), at now: Int64 = 1_000
    ) async throws {
        let settlements = jobs.map { Settlement(outcome, of: $0, leavesTrace: false) }
        _ = try await bench.trip(settling: settlements, at: now)
    }

    /// Claims and ends what is there until nothing comes.
    private func drain(_ bench: ScriptBench, at now: Int64) async throws -> [[String]] {
        var rounds: [[String]] = []
        for _ in 0..<50 {
            let jobs = try await claim(bench, at: now)
            if jobs.isEmpty { break }
            rounds.append(names(jobs))
            try await settle(bench, jobs, at: now)
        }
        return rounds
    }

    /// Nothing of any chain is left.
    private func expectClean(_ bench: ScriptBench) async throws {
        #expect(
            try await bench.reply("EXISTS", bench.keys.orders, bench.keys.keys, bench.keys.jobs) == .integer(0))
    }

    @Test(arguments: ["", "lane"]) func oneAfterAnotherAndOthersPass(_ lane: String) async throws {
        let bench = try await ScriptBench()
        try await enqueue(
            bench, job("1", lane: lane), job("2", lane: lane), job("3", lane: lane), job("a", "other", lane: lane),
            job("x", nil, lane: lane))
        #expect(try await bench.reply("ZCARD", bench.keys.orders) == .integer(2))
        #expect(try await bench.counter("enqueued") == 5)
        #expect(try await drain(bench, at: 1_000) == [["1", "a", "x"], ["2"], ["3"]])
        try await expectClean(bench)
    }

    @Test func oneCallOrSeveralIsTheSame() async throws {
        let bench = try await ScriptBench()
        for number in 1...5 { try await enqueue(bench, job("\(number)"), at: 1_000 + Int64(number % 2) * 500) }
        #expect(try await drain(bench, at: 2_000) == [["1"], ["2"], ["3"], ["4"], ["5"]])
    }

    @Test func theNextIsClaimedInTheTripThatEndsTheOneBefore() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2"))
        let first = try await claim(bench)
        let ends = first.map { Settlement(.done(), of: $0, leavesTrace: false) }
        #expect(names(try await bench.trip(want: 1, settling: ends).jobs) == ["2"])
    }

    @Test(arguments: [
        JobOutcome.retry(reason: "no"), .defer(milliseconds: 5_000, reason: "later"),
        .retry(reason: "no", notBeforeMilliseconds: 5_000, holdLaneMilliseconds: 5_000),
    ])
    func whileOneGoesOnTheOthersWait(_ outcome: JobOutcome) async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1", lane: "l"), job("2", lane: "l"), job("a", "other", lane: "m"))
        let claimed = try await claim(bench)
        let one = claimed.filter { names([$0]) == ["1"] }
        try await settle(bench, one, outcome)
        #expect(try await claim(bench, at: 5_999).isEmpty)
        #expect(try await drain(bench, at: 6_000) == [["1"], ["2"]])
    }

    @Test func aReleasedOneRunsAgainBeforeTheOthers() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2"))
        let claimed = try await claim(bench)
        _ = try await bench.trip(settling: claimed.map(Settlement.release))
        #expect(try await drain(bench, at: 1_000) == [["1"], ["2"]])
    }

    @Test func everyWayToEndGivesTheTurnOn() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("done"), job("traced"), job("buried"), job("failed", attempts: 1), job("last"))
        for (name, outcome) in [
            ("done", JobOutcome.done()), ("traced", .done(note: "x")), ("buried", .bury(reason: "no")),
            ("failed", .retry(reason: "no")), ("last", .done()),
        ] {
            let claimed = try await claim(bench)
            #expect(names(claimed) == [name])
            _ = try await bench.trip(
                settling: claimed.map { Settlement(outcome, of: $0, leavesTrace: name == "traced") })
        }
        #expect(try await bench.reply("ZCARD", bench.keys.dead) == .integer(2))
        #expect(try await bench.reply("EXISTS", bench.keys.keys, bench.keys.orders) == .integer(0))
    }

    @Test func delaysAreKeptAndDoNotLetOthersPass() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1", delay: 1_000), job("2"), job("3", lane: "l", delay: 4_000), job("4"))
        #expect(try await claim(bench, at: 1_999).isEmpty)
        #expect(try await drain(bench, at: 2_000) == [["1"], ["2"]])
        #expect(try await claim(bench, at: 4_999).isEmpty)
        #expect(try await drain(bench, at: 5_000) == [["3"], ["4"]])
        try await expectClean(bench)
    }

    @Test func aTimeThatHasPassedMeanwhileIsNow() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2", delay: 500))
        let first = try await claim(bench)
        try await settle(bench, first, at: 9_000)
        #expect(names(try await claim(bench, at: 9_000)) == ["2"])
    }

    @Test func cancellingAnyOfThemLeavesTheOrderOfTheRest() async throws {
        let bench = try await ScriptBench()
        let jobs = (1...6).map { job("\($0)") }
        try await bench.client(at: 1_000).enqueue(jobs, to: bench.queue)
        let client = bench.client(at: 1_000)
        // In the middle, at the end, and the one whose turn it is.
        for index in [2, 5, 0] {
            #expect(try await client.cancel(jobs[index].id, in: bench.queue) == .cancelled)
            #expect(try await client.cancel(jobs[index].id, in: bench.queue) == .notFound)
        }
        #expect(try await bench.reply("ZCARD", bench.keys.orders) == .integer(2))
        // The one that stood in line is passed over; those behind were in none.
        #expect(try await bench.reply("SCARD", bench.keys.cancelled) == .integer(1))
        #expect(try await drain(bench, at: 1_000) == [["2"], ["4"], ["5"]])
        #expect(try await bench.counter("orphans") == 0)
        try await expectClean(bench)
    }

    @Test(arguments: [true, false]) func cancellingTheOneThatRunsEndsItsTurnWithItsRun(_ fails: Bool) async throws {
        let bench = try await ScriptBench()
        let jobs = [job("1"), job("2")]
        try await bench.client(at: 1_000).enqueue(jobs, to: bench.queue)
        let claimed = try await claim(bench)
        #expect(try await bench.client(at: 1_000).cancel(jobs[0].id, in: bench.queue) == .requested)
        #expect(try await claim(bench).isEmpty)
        let change: Settlement =
            fails
            ? Settlement(.retry(reason: "no"), of: claimed[0], leavesTrace: false)
            : Settlement(id: claimed[0].id, fence: claimed[0].fence, change: .cancel(note: "stopped"))
        _ = try await bench.trip(settling: [change])
        #expect(try await drain(bench, at: 1_000) == [["2"]])
    }

    @Test func aRevivedOneGoesToTheEnd() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1", attempts: 1), job("2"), job("3"))
        try await settle(bench, try await claim(bench), .retry(reason: "no"))
        #expect(try await bench.client(at: 1_000).retryDead(in: bench.queue) == 1)
        #expect(try await bench.reply("ZCARD", bench.keys.orders) == .integer(2))
        #expect(try await drain(bench, at: 1_000) == [["2"], ["3"], ["1"]])
        try await expectClean(bench)
    }

    @Test func aRevivedOneOfNoChainRunsAtOnce() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1", attempts: 1))
        try await settle(bench, try await claim(bench), .retry(reason: "no"))
        #expect(try await bench.client(at: 1_000).retryDead(in: bench.queue) == 1)
        try await enqueue(bench, job("2"))
        #expect(try await drain(bench, at: 1_000) == [["1"], ["2"]])
        try await expectClean(bench)
    }

    @Test func aCrashKeepsTheTurnUntilQuarantine() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2"))
        for round in 0..<Limits.crashesUntilQuarantine {
            let now = Int64(1_000 + round * 100_000)
            #expect(names(try await bench.trip("w\(round)", want: 9, at: now).jobs) == ["1"])
            _ = try await LeaseScriptTests.reap(bench, "w\(round)", at: now + 50_000)
        }
        #expect(try await bench.reply("ZCARD", bench.keys.dead) == .integer(1))
        #expect(try await drain(bench, at: 900_000) == [["2"]])
    }

    @Test func whatIsCancelledAndCrashesGivesTheTurnOn() async throws {
        let bench = try await ScriptBench()
        let first = job("1")
        try await enqueue(bench, first, job("2"))
        _ = try await claim(bench)
        _ = try await bench.client(at: 1_000).cancel(first.id, in: bench.queue)
        _ = try await LeaseScriptTests.reap(bench, "w1", at: 100_000)
        #expect(try await drain(bench, at: 100_000) == [["2"]])
        try await expectClean(bench)
    }

    @Test func aReconciledOneKeepsItsTurn() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2"))
        _ = try await claim(bench)
        var command = RedisCommand(script: Scripts.reconcile, keys: bench.keys.all + [bench.keys.claims(of: "w1")])
        command.append("1000")
        #expect(try await bench.redis.run(command) == .integer(1))
        #expect(try await drain(bench, at: 1_000) == [["1"], ["2"]])
    }

    @Test func uniqueKeysHoldWhileAJobWaitsForItsTurn() async throws {
        let bench = try await ScriptBench()
        let unique = job("2", key: .unique("u"))
        try await enqueue(bench, job("1"), unique)
        #expect(try await enqueue(bench, job("3", key: .unique("u"))) == [.init(id: unique.id, isDuplicate: true)])
        #expect(try await drain(bench, at: 1_000) == [["1"], ["2"]])
        try await expectClean(bench)
    }

    private static func debounce(_ quiet: Int64) -> JobKey {
        .debounce("d", quietMilliseconds: quiet, longestMilliseconds: 60_000)
    }

    @Test func aDebouncedOneThatWaitsForItsTurnTakesNewerDataAndItsNewTime() async throws {
        let bench = try await ScriptBench()
        let second = job("2", key: Self.debounce(1_000))
        try await enqueue(bench, job("1"), second)
        #expect(
            try await enqueue(bench, job("2b", key: Self.debounce(1_000)), at: 1_500)
                == [.init(id: second.id, isDuplicate: true)])
        let first = try await claim(bench, at: 1_600)
        try await settle(bench, first, at: 1_700)
        #expect(try await claim(bench, at: 2_499).isEmpty)
        #expect(try await drain(bench, at: 2_500) == [["2b"]])
        try await expectClean(bench)
    }

    @Test func aDebouncedOneThatWaitsForItsTurnCanBeFlushed() async throws {
        let bench = try await ScriptBench()
        let second = job("2", key: Self.debounce(10_000))
        try await enqueue(bench, job("1"), second)
        let client = bench.client(at: 1_000)
        #expect(try await client.flush(debounceKey: "d", in: bench.queue) == second.id)
        #expect(try await client.flush(debounceKey: "d", in: bench.queue) == second.id)
        #expect(try await drain(bench, at: 1_000) == [["1"], ["2"]])
    }

    @Test func whatFollowsADebouncedOneTakesItsPlaceAtTheEnd() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1", key: Self.debounce(0)))
        let running = try await claim(bench)
        try await enqueue(bench, job("1b", key: Self.debounce(0)), job("2"))
        try await settle(bench, running)
        #expect(try await drain(bench, at: 1_000) == [["2"], ["1b"]])
        try await expectClean(bench)
    }

    /// One that failed, was buried and revived, waits at the end; newer data take another id, and its place goes.
    @Test func aRevivedDebouncedOneThatWaitsIsSuperseded() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1", key: Self.debounce(0), attempts: 2), job("2"))
        let first = try await claim(bench)
        try await settle(bench, first, .defer(milliseconds: 0, reason: "later"))
        try await settle(bench, try await claim(bench), .bury(reason: "no"))
        #expect(try await bench.client(at: 1_000).retryDead(in: bench.queue) == 1)
        let newer = job("1b", key: Self.debounce(0))
        #expect(try await enqueue(bench, newer) == [.init(id: newer.id, isDuplicate: false)])
        #expect(try await drain(bench, at: 1_000) == [["2"], ["1b"]])
        try await expectClean(bench)
    }

    @Test func followersOfAnEndedJobTakePlacesToo() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2"))
        try await settle(bench, try await claim(bench), .done(then: [job("3"), job("x", "other")]))
        #expect(try await drain(bench, at: 1_000) == [["2", "x"], ["3"]])
    }

    @Test func whatWaitsForItsTurnCountsAgainstTheQueuesLength() async throws {
        let bench = try await ScriptBench()
        let client = QueueClient(
            redis: bench.redis, namespace: bench.namespace, scriptTimeMilliseconds: 1_000, maximumQueueLength: 3)
        try await client.enqueue([job("1"), job("2"), job("3")], to: bench.queue)
        await #expect(throws: QueueError.self) { try await client.enqueue([job("4")], to: bench.queue) }
        let status = try await client.status(of: [bench.queue], nowMilliseconds: 1_000)[0]
        #expect(status.ready == 1 && status.due == 2)
    }

    @Test func keptArgumentsAndLaterEnqueuesKnowWhatWaits() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2"))
        let claimed = try await claim(bench)
        let keep = Settlement(
            id: claimed[0].id, fence: claimed[0].fence,
            change: .keep(header: claimed[0].envelope.header, arguments: Array("\"1b\"".utf8)))
        _ = try await bench.trip(settling: [keep])
        try await settle(bench, claimed, .retry(reason: "no"))
        #expect(try await drain(bench, at: 6_000) == [["1b"], ["2"]])
        try await expectClean(bench)
    }

    /// A release that knows no chains ended the one whose turn it was.
    @Test func anEnqueueFindsAChainWhoseFirstIsGone() async throws {
        for isBuried in [true, false] {
            let bench = try await ScriptBench()
            let first = job("1")
            try await enqueue(bench, first, job("2"))
            _ = try await claim(bench)
            _ = try await bench.reply("DEL", bench.keys.claims(of: "w1"))
            if isBuried {
                _ = try await bench.reply("ZADD", bench.keys.dead, "1", first.id.description)
            } else {
                _ = try await bench.reply("HDEL", bench.keys.jobs, first.id.description)
            }
            #expect(try await claim(bench).isEmpty)
            try await enqueue(bench, job("3"))
            #expect(try await drain(bench, at: 1_000) == [["2"], ["3"]])
        }
    }

    @Test func whatLostItsJobIsPassedOver() async throws {
        let bench = try await ScriptBench()
        let jobs = (1...4).map { job("\($0)") }
        try await bench.client(at: 1_000).enqueue(jobs, to: bench.queue)
        for index in 1...2 { _ = try await bench.reply("HDEL", bench.keys.jobs, jobs[index].id.description) }
        #expect(try await drain(bench, at: 1_000) == [["1"], ["4"]])
        try await expectClean(bench)
    }

    @Test func placesGrowEvenIfTheirNumberIsLost() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1"), job("2"), job("3"))
        _ = try await bench.reply("HDEL", bench.keys.meta, "place")
        try await enqueue(bench, job("4"), at: 2_000)
        #expect(try await drain(bench, at: 2_000) == [["1"], ["2"], ["3"], ["4"]])
    }

    @Test func keysThatBeginAlikeDoNotMeet() async throws {
        let bench = try await ScriptBench()
        try await enqueue(
            bench, job("1", "k"), job("a", "k!"), job("b", "k:1"), job("c", "kk"), job("2", "k"), job("a2", "k!"),
            job("b2", "k:1"), job("c2", "kk"))
        #expect(try await bench.client().waitingBehind(orderKeyPrefix: "k:", in: bench.queue) == 1)
        #expect(try await bench.client().waitingBehind(orderKeyPrefix: "k", in: bench.queue) == 4)
        #expect(try await bench.client().waitingBehind(orderKeyPrefix: "l", in: bench.queue) == 0)
        #expect(try await drain(bench, at: 1_000) == [["1", "a", "b", "c"], ["2", "a2", "b2", "c2"]])
        try await expectClean(bench)
    }

    @Test func aLookSaysHowManyAreBefore() async throws {
        let bench = try await ScriptBench()
        let jobs = [job("1"), job("2"), job("3", lane: "l", delay: 9_000)]
        try await bench.client(at: 1_000).enqueue(jobs, to: bench.queue)
        func view(_ index: Int) async throws -> JobView? {
            guard case .present(let view)? = try await bench.client().job(jobs[index].id, in: [bench.queue]) else {
                return nil
            }
            return view
        }
        #expect(try await view(0)?.state == .ready)
        let second = try await view(1)
        #expect(second?.obstacle == .behind(ahead: 1, first: jobs[0].id) && second?.state == .due)
        #expect(second?.atMilliseconds == nil && second?.envelope.options.orderKey == "k")
        let third = try await view(2)
        #expect(third?.obstacle == .behind(ahead: 2, first: jobs[0].id) && third?.atMilliseconds == 10_000)
        try await settle(bench, try await claim(bench))
        #expect(try await view(1)?.state == .ready)
        #expect(try await view(2)?.obstacle == .behind(ahead: 1, first: jobs[1].id))
    }

    /// Neither more commands nor other keys for jobs without an order key.
    @Test func jobsWithoutOneTouchNothingOfIt() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, job("1", nil), job("2", nil, key: .unique("u")), job("3", nil, delay: 5))
        try await settle(bench, try await claim(bench, at: 2_000), at: 2_000)
        #expect(try await bench.reply("HEXISTS", bench.keys.meta, "place") == .integer(0))
        try await expectClean(bench)
    }
}
