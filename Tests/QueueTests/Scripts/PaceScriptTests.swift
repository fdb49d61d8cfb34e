import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct PaceScriptTests {
    private func look(_ bench: ScriptBench, at milliseconds: Int64) async throws -> [RedisReply] {
        var command = RedisCommand(script: Scripts.pace, keys: [bench.keys.counters, bench.keys.pace])
        command.append(milliseconds)
        command.append(10_000)
        command.append(3)
        return try #require(try await bench.redis.run(command).arrayValue)
    }

    private func samples(_ bench: ScriptBench) async throws -> [String] { try await bench.list(bench.keys.pace) }

    private func set(_ bench: ScriptBench, _ counters: String...) async throws {
        _ = try await bench.redis.run(RedisCommand("HSET", arguments: [bench.keys.counters] + counters))
    }

    @Test func aQueueThatNeverWasHasASampleToo() async throws {
        let bench = try await ScriptBench()
        let reply = try await look(bench, at: 20_000)
        #expect(reply.prefix(3) == [.integer(20_000), .integer(0), .integer(0)])
        #expect(reply.dropFirst(3).map(\.string) == ["20000 0 0"])
    }

    @Test func everyEndCounts() async throws {
        let bench = try await ScriptBench()
        try await set(
            bench, "done", "5", "buried", "4", "quarantined", "3", "cancelled", "2", "retried", "9", "enqueued", "30")
        #expect(try await look(bench, at: 20_000).prefix(3) == [.integer(20_000), .integer(14), .integer(30)])
    }

    @Test func oneSampleAnIntervalAndNoMoreThanAsked() async throws {
        let bench = try await ScriptBench()
        for time: Int64 in [20_000, 20_001, 29_999, 30_000, 31_000, 40_000, 55_000] {
            try await set(bench, "done", "\(time)")
            _ = try await look(bench, at: time)
        }
        #expect(try await samples(bench) == ["30000 30000 0", "40000 40000 0", "55000 55000 0"])
    }

    @Test(arguments: [(50_000 as Int64, "5"), (10_000, "100")])
    func samplesOfAnotherPastGo(at milliseconds: Int64, done: String) async throws {
        let bench = try await ScriptBench()
        try await set(bench, "done", "100")
        _ = try await look(bench, at: 20_000)
        _ = try await look(bench, at: 30_000)
        try await set(bench, "done", done)
        #expect(try await look(bench, at: milliseconds).count == 4)
        #expect(try await samples(bench) == ["\(milliseconds) \(done) 0"])
    }

    @Test func theClientReadsIt() async throws {
        let bench = try await ScriptBench()
        let other: QueueName = "other"
        #expect(try await bench.client(at: 20_000).pace(of: [bench.queue, other]) == [nil, nil])
        try await set(bench, "done", "30", "enqueued", "60")
        let paces = try await bench.client(at: 50_000).pace(of: [bench.queue, other])
        #expect(paces[0]?.endedPerSecond == 1 && paces[0]?.enqueuedPerSecond == 2)
        #expect(paces[1]?.endedPerSecond == 0)
        #expect(try await bench.client().pace(of: []) == [])
    }

    @Test func withoutATimeItTakesTheServers() async throws {
        let bench = try await ScriptBench()
        let time = try #require(try await bench.reply("TIME").arrayValue?.first?.integerValue)
        let reply = try await look(bench, at: 0)
        #expect(abs(time * 1_000 - (reply[0].integerValue ?? 0)) < 60_000)
    }
}
