import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct ForgetScriptTests {
    private static let (one, other) = (JobID(nowMilliseconds: 1), JobID(nowMilliseconds: 2))

    private func end(_ bench: ScriptBench, _ id: JobID, _ line: String) async throws {
        _ = try await bench.reply("HSET", bench.keys.finished, id.description, line)
    }

    private func traces(_ bench: ScriptBench) async throws -> [FinishedTrace] {
        try await bench.client().finishedTraces(of: bench.queue, count: 10).sorted {
            $0.id.description < $1.id.description
        }
    }

    @Test func whatWasReadIsDropped() async throws {
        let bench = try await ScriptBench()
        try await end(bench, Self.one, "100 done kind 1 0 0\na note\nof two lines")
        try await end(bench, Self.other, "101 dead kind 3 1 2")
        let read = try await traces(bench)
        #expect(read.count == 2)
        // Twice, and with no key left the second time.
        for _ in 0..<2 { try await bench.client().forget(read, of: bench.queue) }
        #expect(try await traces(bench).isEmpty)
        try await bench.client().forget([], of: bench.queue)
    }

    /// A dead job that is retried ends again while the recorder writes its first end down.
    @Test func aLaterEndStays() async throws {
        let bench = try await ScriptBench()
        try await end(bench, Self.one, "100 dead kind 3 0 0\nwhy")
        try await end(bench, Self.other, "100 done kind 1 0 0")
        let read = try await traces(bench)
        try await end(bench, Self.one, "150 done kind 1 0 0\nstarted")
        try await bench.client().forget(read, of: bench.queue)
        let left = try await traces(bench)
        #expect(left.map(\.id) == [Self.one] && left[0].state == .done && left[0].note == "started")
        try await bench.client().forget(left, of: bench.queue)
        #expect(try await traces(bench).isEmpty)
    }
}
