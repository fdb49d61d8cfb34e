import Basics
import Queue
import Redis
import TestKit
import Testing

@testable import Operator

@Suite(.timeLimit(.minutes(1)))
struct StatusTests {
    private func worker(
        _ bench: OperatorBench, _ name: String, ageMilliseconds: Int64 = 0, _ queues: String
    ) async throws {
        let time = try await bench.redis.run(RedisCommand("TIME")).arrayValue?.first?.integerValue ?? 0
        _ = try await bench.redis.run([
            RedisCommand(
                "ZADD", arguments: ["\(bench.namespace):workers", "\(time * 1_000 - ageMilliseconds)", name]),
            RedisCommand("HSET", arguments: ["\(bench.namespace):workers:info", name, #"{"queues":[\#(queues)]}"#]),
        ])
    }

    private func status(
        _ bench: OperatorBench, at milliseconds: Int64 = 1_000_000, maximumWaitSeconds: Double = 300
    ) async throws -> StatusResource {
        let desk = bench.queueDesk(at: milliseconds)
        return StatusResource(
            redis: nil, postgres: nil, queues: try await desk.queues(), workers: try await desk.workers(),
            maximumWaitSeconds: maximumWaitSeconds)
    }

    @Test func allIsWell() async throws {
        let bench = try await OperatorBench()
        try await worker(bench, "w", #""webhooks","crm""#)
        let status = try await status(bench)
        #expect(status.ok && status.problems.isEmpty && status.notices.isEmpty && !status.isServerAway)
    }

    @Test func workWithoutAWorkerThatServesItIsWrong() async throws {
        let bench = try await OperatorBench()
        try await worker(bench, "w", #""crm""#)
        try await worker(bench, "old", ageMilliseconds: 60_000, #""webhooks""#)
        try await bench.enqueue(2, to: "webhooks", at: 1_000)
        let status = try await status(bench, at: 1_000)
        #expect(status.problems == ["queue webhooks has 2 ready, and no worker that works serves it"])
        #expect(status.notices == ["worker old is silent; what it held goes back within 15 s"])
        #expect(!status.ok && !status.isServerAway)
    }

    @Test func aLongWaitIsWrong() async throws {
        let bench = try await OperatorBench()
        try await worker(bench, "w", #""webhooks","crm""#)
        try await bench.enqueue(1, to: "webhooks", at: 1_000)
        let created = try #require(try await bench.ids("webhooks").first).createdMilliseconds
        #expect(try await status(bench, at: created + 300_000).ok)
        let late = try await status(bench, at: created + 301_000)
        #expect(late.problems == ["queue webhooks: the first in line waits since 301 s (more than 300 s)"])
        #expect(try await status(bench, at: created + 301_000, maximumWaitSeconds: 600).ok)
    }

    @Test func pausesQuietWorkersAndTheDeadAreOnlyMentioned() async throws {
        let bench = try await OperatorBench()
        try await worker(bench, "w", #""webhooks","crm""#)
        try await worker(bench, "q", #""webhooks""#)
        _ = try await bench.client().quiet(worker: "q")
        try await bench.enqueue(1, to: "webhooks", at: 1_000)
        try await bench.client().pause("webhooks")
        try await bench.bury(1, in: "crm", at: 1_000)
        let status = try await status(bench, at: 999_000_000)
        #expect(status.ok)
        #expect(
            status.notices == [
                "queue webhooks is paused, with 1 ready", "worker q is quiet: it claims nothing",
                "1 job is in the dead set",
            ])
    }

    @Test func withoutAWorkerNothingWorks() async throws {
        let bench = try await OperatorBench()
        #expect(try await status(bench).problems == ["no worker works"])
    }

    @Test func serversAwayAreWrong() throws {
        let status = StatusResource(
            redis: "refused", postgres: "old schema", queues: [], workers: [], maximumWaitSeconds: 1)
        #expect(status.problems == ["Redis: refused", "Postgres: old schema"])
        #expect(status.isServerAway)
        let json = String(decoding: try ResourceJSON.encode(status), as: UTF8.self)
        #expect(json.hasPrefix(#"{"notices":[],"ok":false,"postgres":{"detail":"old schema","ok":false},"#))
    }
}
