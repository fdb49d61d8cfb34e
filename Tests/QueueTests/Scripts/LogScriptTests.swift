import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct LogScriptTests {
    private func entries(_ names: [String], bytes: String = "12345") -> [LogEntry] {
        names.map { LogEntry(name: $0, bytes: Array(bytes.utf8)) }
    }

    private func held(_ bench: ScriptBench) async throws -> Int64? {
        try await bench.reply("HGET", bench.keys.meta, "log_bytes").integerValue
    }

    @Test func entriesWaitUntilTheyAreDropped() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        #expect(try await client.waitingLog(of: bench.queue, count: 10).isEmpty)
        try await client.log([], of: bench.queue)
        let bytes = LogEntry(name: "b", bytes: [0, 0xFF, 10, 13])
        #expect(try await client.log(entries(["a"]) + [bytes], of: bench.queue) == 0)
        #expect(try await held(bench) == 9)
        let waiting = try await client.waitingLog(of: bench.queue, count: 10)
        #expect(Set(waiting) == Set(entries(["a"]) + [bytes]))
        #expect(try await client.waitingLog(of: bench.queue, count: 1).count == 1)
        try await client.unlog(["a", "missing"], of: bench.queue)
        try await client.unlog([], of: bench.queue)
        #expect(try await client.waitingLog(of: bench.queue, count: 10) == [bytes])
        #expect(try await held(bench) == 4)
    }

    /// Two recorders may drop the same entry; a worker may leave it twice.
    @Test func repetitionChangesNothing() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        for _ in 0..<3 { try await client.log(entries(["a", "b"]), of: bench.queue) }
        #expect(try await held(bench) == 10)
        try await client.log([LogEntry(name: "a", bytes: [1])], of: bench.queue)
        #expect(try await held(bench) == 6)
        for _ in 0..<3 { try await client.unlog(["a"], of: bench.queue) }
        #expect(try await held(bench) == 5)
        try await client.unlog(["b", "b"], of: bench.queue)
        #expect(try await held(bench) == 0)
        #expect(try await bench.counter("log_dropped") == 0)
    }

    @Test func moreThanThereIsRoomForIsLeftOutAndCounted() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        #expect(try await client.log(entries(["a", "b", "c"]), of: bench.queue, mostEntries: 2) == 1)
        // What is there may change.
        #expect(try await client.log(entries(["a"], bytes: "1234567"), of: bench.queue, mostEntries: 2) == 0)
        #expect(try await client.log(entries(["d"]), of: bench.queue, mostBytes: 16) == 1)
        #expect(try await client.log(entries(["d"], bytes: "1234"), of: bench.queue, mostBytes: 16) == 0)
        #expect(try await client.log(entries(["a"], bytes: "12345678"), of: bench.queue, mostBytes: 16) == 1)
        #expect(try await held(bench) == 16)
        #expect(try await bench.counter("log_dropped") == 3)
    }

    /// The sum is right again once the log was empty, whatever became of it.
    @Test func aWrongSumMends() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        _ = try await bench.reply("HSET", bench.keys.meta, "log_bytes", "999999999999")
        #expect(try await client.log(entries(["a"]), of: bench.queue) == 0)
        #expect(try await held(bench) == 5)
        _ = try await bench.reply("HSET", bench.keys.meta, "log_bytes", "2")
        try await client.unlog(["a"], of: bench.queue)
        #expect(try await held(bench) == 0)
        _ = try await bench.reply("HDEL", bench.keys.meta, "log_bytes")
        try await client.log(entries(["a"]), of: bench.queue)
        #expect(try await held(bench) == 5)
    }
}
