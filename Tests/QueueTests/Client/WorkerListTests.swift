import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct WorkerListTests {
    /// Puts a worker on the list, its last beat so long ago.
    private func list(_ bench: ScriptBench, _ name: String, ageMilliseconds: Int64, _ description: String) async throws
    {
        let common = CommonKeys(namespace: bench.namespace)
        let time = try #require(try await bench.reply("TIME").arrayValue?.first?.integerValue)
        _ = try await bench.reply("ZADD", common.workers, "\(time * 1_000 - ageMilliseconds)", name)
        _ = try await bench.reply("HSET", common.descriptions, name, description)
    }

    @Test func nobodyIsNoFault() async throws {
        let bench = try await ScriptBench()
        #expect(try await bench.client().workers(in: [bench.queue]).isEmpty)
    }

    @Test func eachIsListedWithWhatItHolds() async throws {
        let bench = try await ScriptBench()
        let other: QueueName = "other"
        try await list(bench, "w2", ageMilliseconds: 0, #"{"version":"1"}"#)
        try await list(bench, "w1", ageMilliseconds: 60_000, "{}")
        try await bench.client().enqueue((0..<3).map { _ in bench.job() }, to: bench.queue)
        _ = try await bench.trip("w2", want: 2)
        _ = try await bench.reply("SADD", CommonKeys(namespace: bench.namespace).quiet, "w1")
        let workers = try await bench.client().workers(in: [other, bench.queue])
        #expect(workers.map(\.name) == ["w1", "w2"])
        #expect(workers.map(\.isAlive) == [false, true])
        #expect(workers.map(\.isQuiet) == [true, false])
        #expect(workers.map(\.running) == [[:], [bench.queue: 2]])
        #expect(workers.map(\.runningCount) == [0, 2])
        #expect(workers[1].description == #"{"version":"1"}"#)
        #expect((60_000..<70_000).contains(workers[0].beatAgeMilliseconds))
        #expect((0..<10_000).contains(workers[1].beatAgeMilliseconds))
    }

    @Test func aWorkerWithoutADescriptionIsListedToo() async throws {
        let bench = try await ScriptBench()
        _ = try await bench.reply("ZADD", CommonKeys(namespace: bench.namespace).workers, "1", "w1")
        #expect(try await bench.client().workers(in: []).map(\.description) == ["{}"])
    }
}
