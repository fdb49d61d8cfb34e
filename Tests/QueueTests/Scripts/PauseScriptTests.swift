import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct PauseScriptTests {
    @Test func aPausedQueueIsNotClaimedFrom() async throws {
        let bench = try await ScriptBench()
        let client = bench.client(at: 5_000)
        #expect(try await client.pause(bench.queue))
        try await client.enqueue([bench.job()], to: bench.queue)
        #expect(try await bench.trip(want: 1, at: 6_000).jobs.isEmpty)
        let status = try #require(try await client.status(of: [bench.queue], nowMilliseconds: 6_000).first)
        #expect(status.isPaused && status.ready == 1)
        #expect(try await client.resume(bench.queue))
        #expect(try await bench.trip(want: 1, at: 7_000).jobs.count == 1)
    }

    @Test func whatRunsSettlesInAPausedQueue() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        try await client.enqueue([bench.job(), bench.job(delayMilliseconds: 100)], to: bench.queue)
        let held = try #require(try await bench.trip(want: 1, at: 1_000).jobs.first)
        try await client.pause(bench.queue)
        let settled = try await bench.trip(
            want: 1, settling: [Settlement(.done(), of: held, leavesTrace: false)], at: 4_000_000_000_000)
        #expect(settled.stale.isEmpty && settled.jobs.isEmpty)
        // The other has fallen due.
        #expect(try await bench.list(bench.keys.ready).count == 1)
    }

    @Test func theFirstPauseStands() async throws {
        let bench = try await ScriptBench()
        #expect(try await bench.client(at: 5_000).pause(bench.queue))
        #expect(try await !bench.client(at: 9_000).pause(bench.queue))
        #expect(try await bench.reply("HGET", bench.keys.meta, "paused").integerValue == 5_000)
    }

    @Test func withoutATimeItTakesTheServers() async throws {
        let bench = try await ScriptBench()
        try await bench.client().pause(bench.queue)
        let paused = try #require(try await bench.reply("HGET", bench.keys.meta, "paused").integerValue)
        let time = try #require(try await bench.reply("TIME").arrayValue?.first?.integerValue)
        #expect(abs(time * 1_000 - paused) < 60_000)
    }

    @Test func resumingWakesAsManyAsMayBeIdle() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        #expect(try await !client.resume(bench.queue))
        #expect(try await bench.reply("LLEN", bench.keys.doorbell) == .integer(0))
        try await client.enqueue([bench.job()], to: bench.queue)
        try await client.pause(bench.queue)
        #expect(try await client.resume(bench.queue))
        #expect(try await bench.reply("LLEN", bench.keys.doorbell) == .integer(Int64(Limits.maximumDoorbellTokens)))
        #expect(try await !client.resume(bench.queue))
        #expect(try await bench.reply("LLEN", bench.keys.doorbell) == .integer(Int64(Limits.maximumDoorbellTokens)))
    }
}
