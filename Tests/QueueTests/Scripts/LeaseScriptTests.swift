import Logging
import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct LeaseScriptTests {
    private static let lease: Int64 = 9_000

    private func beat(
        _ bench: ScriptBench, _ name: String, at milliseconds: Int64, holds: Bool = true
    ) async throws
        -> [String]
    {
        let common = CommonKeys(namespace: bench.namespace)
        var command = RedisCommand(
            script: Scripts.beat,
            keys: [
                common.workers, common.descriptions, common.clock, common.quiet, bench.keys.leases, bench.keys.cancels,
                bench.keys.claims(of: name),
            ])
        command.append(milliseconds)
        command.append(name)
        command.append("{}")
        command.append(Self.lease)
        command.append(3_600_000)
        command.append(holds ? "1" : "0")
        let reply = try await bench.redis.run(command)
        return (reply.arrayValue?[1].string ?? "").split(separator: "\n").map(String.init)
    }

    static func reap(
        _ bench: ScriptBench, _ worker: String, at milliseconds: Int64, most: Int = 500
    ) async throws -> [Int64] {
        let keys = bench.keys
        var command = RedisCommand(script: Scripts.reap, keys: keys.all + [keys.claims(of: worker)])
        command.append(milliseconds)
        command.append(worker)
        command.append(Self.lease)
        command.append(most)
        command.append(Limits.crashesUntilQuarantine)
        return try await bench.redis.run(command).arrayValue?.compactMap(\.integerValue) ?? []
    }

    @Test func aBeatingWorkerIsLeftAlone() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue([bench.job()], to: bench.queue)
        _ = try await bench.trip(want: 1, at: 1_000)
        for time in stride(from: Int64(1_000), through: 40_000, by: 3_000) {
            #expect(try await beat(bench, "w1", at: time).isEmpty)
        }
        #expect(try await Self.reap(bench, "w1", at: 41_000) == [0, 0, -1])
    }

    @Test func aSilentWorkersJobsGoBackToTheHead() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<3).map { _ in bench.job() }
        try await bench.client().enqueue(jobs, to: bench.queue)
        _ = try await bench.trip(want: 2, at: 20_000)
        for time in stride(from: Int64(20_000), through: 28_000, by: 2_000) {
            _ = try await beat(bench, "w2", at: time)
        }
        #expect(try await beat(bench, "w2", at: 28_900).isEmpty)
        #expect(try await beat(bench, "w2", at: 29_001) == ["w1"])
        #expect(try await Self.reap(bench, "w1", at: 29_001) == [2, 0, 0])
        #expect(try await bench.list(bench.keys.ready).count == 3)
        #expect(try await bench.list(bench.keys.ready).last == jobs[2].id.description)
        #expect(try await bench.reply("ZSCORE", bench.keys.leases, "w1") == .null)
        let again = try await bench.trip("w2", want: 3, at: 29_002).jobs
        #expect(again.map(\.envelope.crashes).sorted() == [0, 1, 1])
        #expect(again.allSatisfy { $0.envelope.attempts == 0 })
    }

    @Test func aFrozenWorkersLateAckIsRefused() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue([bench.job()], to: bench.queue)
        let held = try #require(try await bench.trip("frozen", want: 1, at: 1_000).jobs.first)
        #expect(try await Self.reap(bench, "frozen", at: 30_000) == [1, 0, 0])
        let late = try await bench.trip(
            "frozen", settling: [Settlement(.done(), of: held, leavesTrace: false)], at: 30_001)
        #expect(late.stale == [held.id])
        #expect(try await bench.trip("other", want: 1, at: 30_002).jobs.map(\.id) == [held.id])
    }

    @Test func theThirdCrashQuarantines() async throws {
        let bench = try await ScriptBench()
        let job = bench.job()
        try await bench.client().enqueue([job], to: bench.queue)
        var counts: [[Int64]] = []
        for round in 0..<3 {
            let time = Int64(1_000 + round * 100_000)
            _ = try await bench.trip("w\(round)", want: 1, at: time)
            counts.append(try await Self.reap(bench, "w\(round)", at: time + 20_000))
        }
        #expect(counts == [[1, 0, 0], [1, 0, 0], [0, 1, 0]])
        let buried = try #require(try await bench.client().dead(in: bench.queue, limit: 1).jobs.first)
        #expect(buried.id == job.id && buried.envelope.crashes == 3 && buried.envelope.attempts == 0)
        #expect(buried.lastError?.message.hasPrefix("quarantined: 3") == true)
    }

    @Test func reapingIsSlicedAndKeepsTheLeaseUntilAllIsBack() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue((0..<25).map { _ in bench.job() }, to: bench.queue)
        _ = try await bench.trip(want: 25, at: 1_000)
        #expect(try await Self.reap(bench, "w1", at: 20_000, most: 10) == [10, 0, 15])
        #expect(try await bench.reply("ZSCORE", bench.keys.leases, "w1") != .null)
        #expect(try await Self.reap(bench, "w1", at: 20_000, most: 10) == [10, 0, 5])
        #expect(try await Self.reap(bench, "w1", at: 20_000, most: 10) == [5, 0, 0])
        #expect(try await Self.reap(bench, "w1", at: 20_000, most: 10) == [0, 0, 0])
        #expect(Set(try await bench.list(bench.keys.ready)).count == 25)
    }

    @Test func silenceOfAllIsNobodysDeath() async throws {
        let bench = try await ScriptBench()
        _ = try await beat(bench, "w1", at: 1_000)
        _ = try await beat(bench, "w2", at: 1_100)
        // Redis was away for a minute; w2 is the first to come back.
        #expect(try await beat(bench, "w2", at: 61_000).isEmpty)
        #expect(try await beat(bench, "w2", at: 64_000).isEmpty)
        #expect(try await beat(bench, "w1", at: 65_000).isEmpty)
        #expect(try await beat(bench, "w2", at: 67_000).isEmpty)
        #expect(try await beat(bench, "w2", at: 70_001).isEmpty)
        // Had w1 not come back, its lease would have ended now.
        #expect(try await beat(bench, "w2", at: 74_001) == ["w1"])
    }

    /// By an hour, by less than a lease, and by so little that it is not seen as such.
    @Test(arguments: [Int64(1_000_000), 10_001, 9_999, 5_000, 2_002, 1_999])
    func aClockSetBackDoesNotKeepTheDeadAlive(last: Int64) async throws {
        let bench = try await ScriptBench()
        _ = try await beat(bench, "w1", at: last)
        for time in stride(from: Int64(1_000), through: 19_000, by: 3_000) {
            let expired = try await beat(bench, "w2", at: time)
            if time > 1_000 + Self.lease + 3_000 {
                #expect(expired == ["w1"], "at \(time)")
            }
        }
    }

    @Test func silentProcessesLeaveTheListWithinTheHour() async throws {
        let bench = try await ScriptBench()
        let common = CommonKeys(namespace: bench.namespace)
        _ = try await beat(bench, "w1", at: 1_000)
        _ = try await beat(bench, "w2", at: 3_700_000)
        #expect(try await bench.reply("ZRANGE", common.workers, "0", "-1") == .array([.bytes(Array("w2".utf8))]))
        #expect(try await bench.reply("HLEN", common.descriptions) == .integer(1))
    }

    @Test func leavingNeedsEveryClaimSettled() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue([bench.job()], to: bench.queue)
        let job = try #require(try await bench.trip(want: 1).jobs.first)
        var leave = RedisCommand(script: Scripts.leave, keys: [bench.keys.leases, bench.keys.claims(of: "w1")])
        leave.append("w1")
        #expect(try await bench.redis.run(leave) == .integer(0))
        #expect(try await bench.reply("ZSCORE", bench.keys.leases, "w1") != .null)
        _ = try await bench.trip(settling: [Settlement(.done(), of: job, leavesTrace: false)])
        #expect(try await bench.redis.run(leave) == .integer(1))
        #expect(try await bench.redis.run(leave) == .integer(1))
        #expect(try await bench.reply("ZSCORE", bench.keys.leases, "w1") == .null)
    }

    @Test func claimsOfALostAnswerGoBack() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<4).map { _ in bench.job() }
        try await bench.client().enqueue(jobs, to: bench.queue)
        _ = try await bench.trip(want: 4)
        let trips = WorkTrips(redis: bench.redis, keys: [bench.keys], queues: [bench.queue], worker: "w1")
        let known = Set(jobs[..<2].map(\.id))
        #expect(try await trips.reconcile(queue: 0, known: known) == 2)
        #expect(try await trips.reconcile(queue: 0, known: known) == 0)
        #expect(Set(try await bench.list(bench.keys.ready)) == Set(jobs[2...].map(\.id.description)))
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ReviveScriptTests {
    private func bury(_ bench: ScriptBench, _ count: Int, lane: String = "") async throws -> [JobID] {
        try await bench.client().enqueue((0..<count).map { _ in bench.job(lane: lane) }, to: bench.queue)
        let jobs = try await bench.trip(want: count).jobs
        _ = try await bench.trip(settling: jobs.map { Settlement(.bury(reason: "no"), of: $0, leavesTrace: false) })
        return jobs.map(\.id)
    }

    @Test func revivedJobsStartAfresh() async throws {
        let bench = try await ScriptBench()
        let ids = try await bury(bench, 2)
        #expect(try await bench.client().retryDead(in: bench.queue, matching: .init(ids: [ids[0]])) == 1)
        #expect(try await bench.client().retryDead(in: bench.queue, matching: .init(ids: [ids[0]])) == 0)
        let job = try #require(try await bench.trip(want: 5).jobs.first)
        #expect(job.id == ids[0])
        #expect(job.envelope.attempts == 0 && job.envelope.crashes == 0)
        #expect(try await bench.reply("HGET", bench.keys.errors, ids[0].description) == .null)
    }

    @Test func allOfThousandComeBackOnce() async throws {
        let bench = try await ScriptBench()
        let ids = try await bury(bench, 1_201)
        #expect(try await bench.client().retryDead(in: bench.queue) == 1_201)
        #expect(Set(try await bench.list(bench.keys.ready)) == Set(ids.map(\.description)))
        #expect(try await bench.reply("EXISTS", bench.keys.dead, bench.keys.errors) == .integer(0))
    }

    @Test func filtersByLanePrefix() async throws {
        let bench = try await ScriptBench()
        let wanted = try await bury(bench, 3, lane: "twenty/a.com")
        _ = try await bury(bench, 4, lane: "zoho/a.com")
        let page = try await bench.client().dead(in: bench.queue, matching: .init(lanePrefix: "twenty/"), limit: 10)
        #expect(Set(page.jobs.map(\.id)) == Set(wanted))
        #expect(try await bench.client().retryDead(in: bench.queue, matching: .init(lanePrefix: "twenty/")) == 3)
        #expect(try await bench.client().status(of: [bench.queue], nowMilliseconds: 0)[0].dead == 4)
    }

    @Test func pagesFollowEachOther() async throws {
        let bench = try await ScriptBench()
        let ids = try await bury(bench, 450)
        var seen: [JobID] = []
        var offset: Int? = 0
        while let from = offset {
            let page = try await bench.client().dead(in: bench.queue, limit: 100, offset: from)
            seen.append(contentsOf: page.jobs.map(\.id))
            offset = page.nextOffset
        }
        #expect(seen.count == 450 && Set(seen) == Set(ids))
    }
}
