import Basics
import Postgres
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct ReplayStoreTests {
    private typealias Samples = DeliverySamples

    private func endpoint(_ bench: ReplayBench, _ id: String, _ members: String = "") async throws {
        _ = try await bench.keepEndpoint(id, members)
    }

    /// Each way a delivery can stand, once; what is after the wish, or a repetition itself, is not in the range.
    @Test func aCountSaysWhatIsSentAndWhatIsNot() async throws {
        try await ReplayBench.run { bench in
            try await endpoint(bench, "ep_on")
            try await endpoint(bench, "ep_off", #""enabled":false"#)
            for _ in 0..<3 { _ = try await bench.deliver() }
            _ = try await bench.deliver { $0.delivery.target = "zoho" }
            _ = try await bench.deliver { $0.delivery.endpointID = "ep_on" }
            _ = try await bench.deliver { $0.delivery.endpointID = "ep_off" }
            _ = try await bench.deliver { $0.delivery.endpointID = "ep_gone" }
            _ = try await bench.deliver(hasPayload: false)
            _ = try await bench.deliver(.retry)
            let dead = try await bench.deliver(.failed)
            try await bench.bury(dead, try ReplayBench.push())
            _ = try await bench.deliver(.failed)
            // After the wish, by its id or by its attempt; before the range; a repetition.
            _ = try await bench.deliver(at: ReplayBench.asked)
            _ = try await bench.deliver { $0.startedAtMilliseconds = ReplayBench.asked + 1 }
            _ = try await bench.deliver(at: Samples.now - 2_000_000)
            _ = try await bench.deliver { $0.delivery.replayOf = dead }
            let count = try await bench.count()
            #expect(count.targets == ["twenty": 5, "zoho": 1] && count.total == 6 && !count.isTooLarge)
            #expect(
                count.skipped == [.notEnded: 2, .endpointDeleted: 1, .endpointOff: 1, .payloadGone: 2])
            #expect(try await bench.count(#""target":"zoho""#).total == 1)
            #expect(try await bench.count(#""endpoint":"ep_on""#).total == 1)
            #expect(try await bench.count(#""state":"failed""#).total == 1)
            #expect(try await bench.count(#""state":"failed","target":"zoho""#) == ReplayCount())
        }
    }

    @Test func aBatchIsMarkedOnceAndCountedOnce() async throws {
        try await ReplayBench.run { bench in
            var ids: [String] = []
            for number in 0..<5 { ids.append(try await bench.deliver(at: Samples.now + Int64(number))) }
            let replay = try #require(try await bench.start())
            let marked = try #require(try await bench.store.begin(replay, runner: replay.runner, count: 2))
            #expect(marked.batchEnd == ids[1])
            // Another look at the same row, and the first one again, mark nothing else.
            #expect(try await bench.store.begin(marked, runner: replay.runner, count: 4)?.batchEnd == ids[1])
            #expect(try await bench.store.begin(replay, runner: replay.runner, count: 4) == nil)
            #expect(try await bench.store.batch(of: marked).map(\.delivery.id) == Array(ids[..<2]))
            // Another runner marks nothing.
            #expect(try await bench.store.begin(replay, runner: JobID(nowMilliseconds: 1), count: 2) == nil)
            #expect(try await bench.store.begin(marked, runner: JobID(nowMilliseconds: 1), count: 2) == nil)
            #expect(
                try await bench.store.count(marked, sent: 1, skipped: [.payloadGone: 1]))
            #expect(try await !bench.store.count(marked, sent: 2, skipped: [:]))
            let counted = try #require(try await bench.store.find(replay.id))
            #expect(counted.cursor == ids[1] && counted.batchEnd == nil && counted.sent == 1 && counted.examined == 2)
            #expect(counted.skipped[.payloadGone] == 1 && counted.skipped[.notEnded] == 0)
            let last = try #require(try await bench.store.begin(counted, runner: replay.runner, count: 100))
            #expect(last.batchEnd == ids[4])
            #expect(try await bench.store.count(last, sent: 3, skipped: [:]))
            let empty = try #require(try await bench.store.find(replay.id))
            #expect(try await bench.store.begin(empty, runner: replay.runner, count: 2)?.batchEnd == nil)
        }
    }

    /// Long payloads make short batches, of one at least.
    @Test func aBatchHasItsBytes() async throws {
        try await ReplayBench.run { bench in
            var ids: [String] = []
            for (number, megabytes) in [5, 2, 1, 2].enumerated() {
                let payload = [UInt8](repeating: 0x20, count: megabytes << 20)
                ids.append(try await bench.deliver(at: Samples.now + Int64(number)) { $0.payload = payload })
            }
            var replay = try #require(try await bench.start())
            var ends: [String?] = []
            for _ in 0..<3 {
                let marked = try #require(try await bench.store.begin(replay, runner: replay.runner, count: 100))
                ends.append(marked.batchEnd)
                _ = try await bench.store.count(marked, sent: 0, skipped: [:])
                replay = try #require(try await bench.store.find(replay.id))
            }
            #expect(ends == [ids[0], ids[2], ids[3]])
        }
    }

    @Test func eachWishFindsItsState() async throws {
        try await ReplayBench.run { bench in
            let replay = try #require(try await bench.start())
            let second = JobID(nowMilliseconds: 2)
            let store = bench.store
            #expect(try await store.resume(replay.id, runner: second) == nil)
            #expect(try await store.pause(replay.id)?.state == .paused)
            #expect(try await store.pause(replay.id) == nil)
            #expect(try await store.unattended().isEmpty)
            #expect(try await store.begin(replay, runner: replay.runner, count: 1) == nil)
            #expect(try await store.resume(replay.id, runner: second)?.runner == second)
            try await store.end(replay.id, runner: replay.runner, as: .done)
            #expect(try await store.find(replay.id)?.state == .running)
            try await store.end(replay.id, runner: second, as: .failed, error: "why")
            let failed = try #require(try await store.find(replay.id))
            #expect(failed.state == .failed && failed.error == "why" && failed.endedAtMilliseconds != nil)
            let resumed = try #require(try await store.resume(replay.id, runner: second))
            #expect(resumed.error == nil && resumed.endedAtMilliseconds == nil)
            #expect(try await store.cancel(replay.id, runner: replay.runner)?.state == .cancelled)
            #expect(try await store.cancel(replay.id, runner: second) == nil)
            #expect(try await store.unattended().map(\.id) == [replay.id])
            try await store.settle(replay.id)
            #expect(try await store.unattended().isEmpty)
            #expect(try await store.resume(replay.id, runner: second) == nil)
            #expect(try await store.find("rp_none") == nil)
        }
    }

    @Test func onlySoManyAreUnderWay() async throws {
        try await ReplayBench.run { bench in
            var ids: [String] = []
            for _ in 0..<Replay.maximumUnderWay { ids.append(try #require(try await bench.start()).id) }
            #expect(try await bench.start() == nil)
            #expect(try await bench.store.page(count: 4).map(\.id) == Array(ids.reversed().prefix(4)))
            #expect(try await bench.store.page(below: ids[1], count: 4).map(\.id) == [ids[0]])
            _ = try await bench.store.pause(ids[0])
            #expect(try await bench.start() == nil)
            _ = try await bench.store.cancel(ids[0], runner: JobID(nowMilliseconds: 1))
            #expect(try await bench.start() != nil)
            // What is not over is never too old.
            let pruner = ReplayPruner(store: bench.store, queue: bench.queue)
            #expect(try await pruner.remove(beforeMilliseconds: ReplayBench.asked) == 0)
            #expect(try await pruner.remove(beforeMilliseconds: ReplayBench.asked + 1) == 1)
            #expect(try await bench.store.find(ids[0]) == nil)
        }
    }

    @Test func outcomesAreThoseOfItsDeliveries() async throws {
        try await ReplayBench.run { bench in
            var waiting: [String] = []
            for outcome in [DeliveryAttempt.Outcome.delivered, .delivered, .failed, .retry, .deferred] {
                let id = try await bench.deliver(outcome) { $0.delivery.replayID = "rp_a" }
                if outcome == .retry || outcome == .deferred { waiting.append(id) }
            }
            _ = try await bench.deliver { $0.delivery.replayID = "rp_b" }
            _ = try await bench.deliver()
            let outcomes = try await bench.store.outcomes(of: ["rp_a", "rp_b", "rp_c"])
            #expect(outcomes["rp_a"]?.states == [.delivered: 2, .failed: 1, .retrying: 1, .pending: 1])
            #expect(outcomes["rp_b"]?[.delivered] == 1 && outcomes["rp_c"] == nil)
            #expect(try await bench.store.waiting(of: "rp_a", after: "", count: 9).map(\.description) == waiting)
            #expect(try await bench.store.waiting(of: "rp_a", after: waiting[0], count: 9).count == 1)
            #expect(try await bench.log.find(waiting[0])?.delivery.replayID == "rp_a")
        }
    }
}
