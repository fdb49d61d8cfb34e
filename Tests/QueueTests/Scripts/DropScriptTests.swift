import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct DropScriptTests {
    /// Enqueues jobs and buries them, a second apart from 1,000 ms on.
    private func bury(_ bench: ScriptBench, _ count: Int, lane: String = "") async throws -> [JobID] {
        var ids: [JobID] = []
        for index in 0..<count {
            let job = bench.job(lane: lane)
            try await bench.client().enqueue([job], to: bench.queue)
            let time = Int64(index + 1) * 1_000
            let held = try #require(try await bench.trip(want: 1, at: time).jobs.first)
            _ = try await bench.trip(
                settling: [Settlement(.bury(reason: "why \(index)"), of: held, leavesTrace: false)], at: time)
            ids.append(job.id)
        }
        return ids
    }

    private func drop(_ bench: ScriptBench, _ ids: [String]) async throws -> RedisReply {
        var command = bench.client(at: 77_000).call(Scripts.drop, bench.keys)
        for id in ids { command.append(id) }
        return try await bench.redis.run(command)
    }

    @Test func aDroppedJobLeavesNothingButItsTrace() async throws {
        let bench = try await ScriptBench()
        let ids = try await bury(bench, 2)
        #expect(try await drop(bench, [ids[0].description]) == .integer(1))
        #expect(try await bench.client().dead(in: bench.queue, limit: 9).jobs.map(\.id) == [ids[1]])
        for key in [bench.keys.jobs, bench.keys.errors] {
            #expect(try await bench.reply("HEXISTS", key, ids[0].description) == .integer(0))
            #expect(try await bench.reply("HEXISTS", key, ids[1].description) == .integer(1))
        }
        let trace = try #require(try await bench.client().finishedTraces(of: bench.queue, count: 9).first)
        #expect(trace.id == ids[0] && trace.state == .dead && trace.kind == "kind")
        #expect(trace.attempts == 1 && trace.crashes == 0 && trace.finishedAtMilliseconds == 77_000)
        #expect(trace.note == "removed from the dead set; it was buried because: why 0")
        #expect(try await bench.counter("dropped") == 1)
    }

    @Test func twiceIsOnce() async throws {
        let bench = try await ScriptBench()
        let ids = try await bury(bench, 1).map(\.description)
        #expect(try await drop(bench, ids + ids) == .integer(1))
        let before = try await bench.snapshot()
        #expect(try await drop(bench, ids) == .integer(0))
        #expect(try await bench.snapshot() == before)
        #expect(try await bench.counter("dropped") == 1)
    }

    @Test func onlyBuriedJobsAreDropped() async throws {
        let bench = try await ScriptBench()
        let jobs = [bench.job(), bench.job(delayMilliseconds: 9_000)]
        try await bench.client().enqueue(jobs, to: bench.queue)
        let before = try await bench.snapshot()
        #expect(try await drop(bench, jobs.map(\.id.description) + ["nobody"]) == .integer(0))
        #expect(try await bench.snapshot() == before)
    }

    @Test func missingKeysAreNoFault() async throws {
        let bench = try await ScriptBench()
        #expect(try await drop(bench, ["nobody"]) == .integer(0))
        #expect(try await drop(bench, []) == .integer(0))
        // An id without its envelope and error: what is left of it goes.
        _ = try await bench.reply("ZADD", bench.keys.dead, "5", "orphan")
        #expect(try await drop(bench, ["orphan"]) == .integer(1))
        #expect(try await bench.reply("EXISTS", bench.keys.dead) == .integer(0))
        #expect(try await bench.reply("EXISTS", bench.keys.finished) == .integer(0))
    }

    /// Fills the traces up to their limit.
    private func fill(_ bench: ScriptBench) async throws {
        for first in stride(from: 0, to: Limits.maximumWaitingTraces, by: 10_000) {
            let pairs = (first..<first + 10_000).flatMap { ["t\($0)", ""] }
            _ = try await bench.redis.run(RedisCommand("HSET", arguments: [bench.keys.finished] + pairs))
        }
    }

    @Test func withTooManyTracesItIsCountedInstead() async throws {
        let bench = try await ScriptBench()
        let ids = try await bury(bench, 2).map(\.description)
        try await fill(bench)
        #expect(try await drop(bench, ids) == .integer(2))
        #expect(try await bench.reply("HLEN", bench.keys.finished) == .integer(Int64(Limits.maximumWaitingTraces)))
        #expect(try await bench.counter("traces_dropped") == 2)
    }

    @Test func aTrackedJobsTraceIsNeverDropped() async throws {
        let bench = try await ScriptBench()
        for (id, header) in [("tracked", "2 kind 3x5000 3 0 0 u=k r=1"), ("other", "2 kind 3x5000 3 0 0 u=r=1")] {
            _ = try await bench.reply("ZADD", bench.keys.dead, "5", id)
            _ = try await bench.reply("HSET", bench.keys.jobs, id, header + "\n{\"r\": \" r=1 \"}")
        }
        try await fill(bench)
        #expect(try await drop(bench, ["other", "tracked"]) == .integer(2))
        #expect(try await bench.reply("HMGET", bench.keys.finished, "other", "tracked").arrayValue?.first == .null)
        #expect(try await bench.reply("HEXISTS", bench.keys.finished, "tracked") == .integer(1))
    }

    @Test func theFilterDecidesAndManyGoInSlices() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        let first = try await bury(bench, 3, lane: "twenty:a")
        let second = try await bury(bench, 2, lane: "zoho:a")
        #expect(try await client.dropDead(in: bench.queue, matching: .init(kind: "other")) == 0)
        #expect(try await client.dropDead(in: bench.queue, matching: .init(lanePrefix: "zoho:")) == 2)
        #expect(try await client.dropDead(in: bench.queue, matching: .init(ids: [second[0], first[1]])) == 1)
        #expect(
            try await client.dropDead(
                in: bench.queue, matching: .init(sinceMilliseconds: 1_500, untilMilliseconds: 9_000)) == 1)
        #expect(try await client.dead(in: bench.queue, limit: 9).jobs.map(\.id) == [first[0]])

        var commands: [RedisCommand] = []
        for index in 0..<1_203 {
            let id = JobID(nowMilliseconds: 1_000).description
            commands.append(RedisCommand("ZADD", arguments: [bench.keys.dead, "\(index)", id]))
            commands.append(RedisCommand("HSET", arguments: [bench.keys.jobs, id, "1 kind 3x5000 3 0 0\n{}"]))
        }
        _ = try await bench.redis.run(commands)
        #expect(try await client.dropDead(in: bench.queue) == 1_204)
        #expect(try await bench.reply("EXISTS", bench.keys.dead, bench.keys.jobs, bench.keys.errors) == .integer(0))
    }
}
