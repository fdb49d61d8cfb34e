import Redis
import TestKit
import Testing

@testable import Queue

/// The light part of a check, which the scheduler does every minute.
@Suite(.timeLimit(.minutes(1)))
struct DoctorKeepUpTests {
    private func running(_ bench: ScriptBench) async throws -> Int {
        try await bench.client().status(ofLane: "a", in: bench.queue).running
    }

    /// A worker of the release before gives a dead worker's claims back; it knows no lanes, so the count of what runs stays,
    /// and with it the lane at its cap.
    @Test func aLaneIsFreedThatAnEarlierReleaseLeftFull() async throws {
        let bench = try await ScriptBench()
        try await bench.client().setLimits(LaneLimits(inFlight: 2), ofLane: "a", in: bench.queue)
        try await bench.client().enqueue((0..<5).map { _ in bench.job(lane: "a") }, to: bench.queue)
        #expect(try await bench.trip("new", want: 9, at: 0).jobs.count == 2)
        try await EarlierRelease(redis: bench.redis, keys: bench.keys, worker: "old").reap("new")
        let first = try await bench.trip("w1", want: 9, at: 0).jobs
        #expect(first.count == 2, "those that came back, in the line without lanes")
        let settlements = first.map { Settlement(.done(), of: $0, leavesTrace: false) }
        #expect(try await bench.trip("w1", want: 9, settling: settlements, at: 0).jobs.isEmpty, "the lane is stuck")
        #expect(try await running(bench) == 2)

        let report = try await QueueDoctor(bench.client()).keepUp([bench.queue])
        #expect(report.counts == [.runningMiscounted: 1] && report.isWell, "\(report)")
        #expect(try await running(bench) == 0)
        #expect(try await bench.trip("w1", want: 9, at: 0).jobs.count == 2)
        #expect(try await running(bench) == 2)
        #expect(try await QueueDoctor(bench.client()).keepUp([bench.queue]).findings == [])
    }

    @Test func claimsOfAListedWorkerGetALeaseAndARunIsLeftAlone() async throws {
        let bench = try await ScriptBench()
        try await bench.client().enqueue([bench.job(lane: "a"), bench.job()], to: bench.queue)
        let jobs = try await bench.trip("w1", want: 9, at: 0).jobs
        _ = try await bench.reply("DEL", bench.keys.leases)
        _ = try await bench.reply("ZADD", CommonKeys(namespace: bench.namespace).workers, "1", "w1")
        let report = try await QueueDoctor(bench.client()).keepUp([bench.queue])
        #expect(report.counts == [.claimsWithoutLease: 1] && report.isWell, "\(report)")
        #expect(try await running(bench) == 1)
        let settlements = jobs.map { Settlement(.done(), of: $0, leavesTrace: false) }
        #expect(try await bench.trip("w1", settling: settlements, at: 0).stale.isEmpty)
        #expect(try await QueueDoctor(bench.client()).keepUp([bench.queue]).findings == [])
    }

    @Test func anEmptyQueueHasNothing() async throws {
        let bench = try await ScriptBench()
        let report = try await QueueDoctor(bench.client()).keepUp([bench.queue, "other"])
        #expect(report.findings == [] && report.omissions == [] && report.queues == ["test", "other"])
    }

    @Test func moreClaimsThanMayBeCountedAreLeftAlone() async throws {
        let bench = try await ScriptBench()
        var command = RedisCommand("HSET", arguments: [bench.keys.claims(of: "w1")])
        for number in 0...QueueDoctor.mostClaims {
            command.append("job\(number)")
            command.append("1 a")
        }
        _ = try await bench.redis.run(command)
        _ = try await bench.reply("ZADD", bench.keys.leases, "1", "w1")
        let report = try await QueueDoctor(bench.client()).keepUp([bench.queue])
        #expect(report.findings == [] && report.omissions.count == 1)
        #expect(try await bench.reply("EXISTS", bench.keys.lanesRunning) == .integer(0))
    }
}
