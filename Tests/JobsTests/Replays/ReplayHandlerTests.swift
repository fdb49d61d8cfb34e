import Basics
import Postgres
import Queue
import Redis
import Synchronization
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct ReplayHandlerTests {
    private struct Death: Error {}
    private struct Unexpected: Error {
        let what: String
    }

    /// Which deliveries one replay sends, run by run, until it is done. A run that dies is followed by another, as the
    /// engine would have it.
    private func sent(
        _ bench: ReplayBench, _ replay: Replay, _ handler: ReplayHandler, runs most: Int = 2_000
    ) async throws -> [String] {
        var sent: [String] = []
        var runner = replay.runner
        for _ in 0..<most {
            do {
                let outcome = try await handler.run(replay.id, runner: runner)
                if case .done(_, let then) = outcome {
                    guard let next = then.first else { return sent }
                    runner = next.id
                }
            } catch is Death {
                // The next run finds what this one left.
            }
            sent += try await bench.take(replay)
        }
        throw Unexpected(what: "it is not done after \(most) runs")
    }

    /// Whatever dies between whichever steps: each delivery is sent once, and counted once.
    @Test(arguments: 0..<4)
    func nothingIsLostAndNothingSentTwice(round: Int) async throws {
        let seed = UInt64.random(in: 0...(.max))
        print("seed \(seed)")
        try await ReplayBench.run { bench in
            let random = Mutex(SeededRandom(seed: seed))
            var (wanted, skips) = ([String](), 0)
            for number in 0..<120 {
                let isDead = number % 10 == 3
                let id = try await bench.deliver(isDead ? .failed : .delivered, hasPayload: number % 17 != 1)
                if isDead {
                    try await bench.bury(id, try ReplayBench.push())
                    wanted.append(id)
                } else if number % 17 != 1 {
                    wanted.append(id)
                } else {
                    skips += 1
                }
            }
            #expect(try await bench.count().total == Int64(wanted.count))
            // Four of a batch.
            let replay = try #require(try await bench.start(pace: 8))
            let deaths = Atomic(0)
            let handler = bench.handler { _ in
                guard random.withLock({ UInt8.random(in: 0..<3, using: &$0) }) == 0 else { return }
                deaths.add(1, ordering: .relaxed)
                throw Death()
            }
            let sent = try await sent(bench, replay, handler)
            #expect(sent.count == wanted.count && Set(sent) == Set(wanted))
            let end = try #require(try await bench.store.find(replay.id))
            #expect(end.state == .done && end.sent == Int64(wanted.count) && end.examined == 120)
            #expect(end.skipped[.payloadGone] == Int64(skips) && deaths.load(ordering: .relaxed) > 5)
        }
    }

    /// Also when what is in the batch has changed by the time it is done again.
    @Test func aBatchDoneAgainIsTheOneOfTheFirstTime() async throws {
        try await ReplayBench.run { bench in
            var ids: [String] = []
            for _ in 0..<8 {
                let id = try await bench.deliver(.failed)
                try await bench.bury(id, try ReplayBench.push())
                ids.append(id)
            }
            let replay = try #require(try await bench.start(#""state":"failed""#, pace: 8))
            let dies = Atomic(true)
            let handler = bench.handler { step in
                if step == .submitted, dies.exchange(false, ordering: .relaxed) { throw Death() }
            }
            await #expect(throws: Death.self) { _ = try await handler.run(replay.id, runner: replay.runner) }
            var sent = try await bench.take(replay)
            #expect(sent == Array(ids[..<4]))
            // A person sent two of them to work meanwhile, and they were delivered.
            try await bench.pool.execute("UPDATE jobs.deliveries SET state = 'delivered' WHERE id <= '\(ids[1])'")
            sent += try await self.sent(bench, replay, handler)
            #expect(sent == ids)
            #expect(try await bench.store.find(replay.id)?.sent == 8)
        }
    }

    @Test func anotherRunnersReplayIsLeftAlone() async throws {
        try await ReplayBench.run { bench in
            _ = try await bench.deliver()
            let replay = try #require(try await bench.start())
            let handler = bench.handler()
            guard case .done(_, let then) = try await handler.run(replay.id, runner: JobID(nowMilliseconds: 1)) else {
                throw Unexpected(what: "it went on")
            }
            #expect(then.isEmpty)
            guard case .done = try await handler.run("rp_none", runner: replay.runner) else {
                throw Unexpected(what: "it went on")
            }
            #expect(try await bench.take(replay).isEmpty)
        }
    }

    /// A lane that is not emptied gets no more than two seconds' worth.
    @Test func itsLaneIsNotFilled() async throws {
        try await ReplayBench.run { bench in
            for _ in 0..<60 { _ = try await bench.deliver() }
            let replay = try #require(try await bench.start(pace: 4))
            for _ in 0..<60 { _ = try await bench.handler().run(replay.id, runner: replay.runner) }
            let lane = try await bench.queue.status(ofLane: replay.lane, in: JobQueue.webhooks)
            #expect(lane.waiting == 20 && lane.limits.inFlight == 32 && lane.limits.perSecond == 4)
            #expect(lane.limits.breaker != nil)
        }
    }

    @Test func aCancelledOneIsSweptAndSettled() async throws {
        try await ReplayBench.run { bench in
            for _ in 0..<40 { _ = try await bench.deliver() }
            let replay = try #require(try await bench.start(pace: 8))
            for _ in 0..<3 { _ = try await bench.handler().run(replay.id, runner: replay.runner) }
            let runner = JobID(nowMilliseconds: 2)
            _ = try await bench.store.cancel(replay.id, runner: runner)
            for _ in 0..<3 { _ = try await bench.handler().run(replay.id, runner: runner) }
            #expect(try await bench.take(replay).isEmpty)
            let end = try #require(try await bench.store.find(replay.id))
            #expect(end.state == .cancelled && end.isSettled && end.sent == 12)
        }
    }

    /// The crashes of one job do not add up over hours.
    @Test func anotherJobGoesOnAfterAMinute() async throws {
        try await ReplayBench.run { bench in
            for _ in 0..<8 { _ = try await bench.deliver() }
            let replay = try #require(try await bench.start(pace: 8))
            let late = replay.runner.createdMilliseconds + ReplayHandler.shiftMilliseconds + 1
            let outcome = try await bench.handler(at: late).run(replay.id, runner: replay.runner)
            guard case .done(_, let then) = outcome, let next = then.first else {
                throw Unexpected(what: "the same job goes on")
            }
            #expect(try await bench.store.find(replay.id)?.runner == next.id && next.delayMilliseconds > 0)
            #expect(ReplayHandler.replayID(next.envelope.arguments) == replay.id)
            #expect(try await bench.store.find(replay.id)?.sent == 4)
        }
    }

    /// What was on its way to Redis when somebody cancelled it is counted all the same.
    @Test func aBatchIsCountedAlsoAfterACancel() async throws {
        try await ReplayBench.run { bench in
            for _ in 0..<8 { _ = try await bench.deliver() }
            let replay = try #require(try await bench.start(pace: 8))
            let runner = JobID(nowMilliseconds: 2)
            let store = bench.store
            let isSubmitted = Atomic(false)
            let handler = bench.handler { step in
                if step == .submitted { isSubmitted.store(true, ordering: .relaxed) }
            }
            let marked = try #require(try await store.begin(replay, runner: replay.runner, count: 4))
            _ = try await store.cancel(replay.id, runner: runner)
            #expect(try await store.count(marked, sent: 4, skipped: [:]))
            #expect(try await store.find(replay.id)?.sent == 4)
            _ = try await handler.run(replay.id, runner: replay.runner)
            _ = try await handler.run(replay.id, runner: runner)
            let hasSent = isSubmitted.load(ordering: .relaxed)
            #expect(!hasSent)
            #expect(try await store.find(replay.id)?.isSettled == true)
        }
    }

    /// Whoever lost its runner gets another; whoever's runner is dead has failed.
    @Test func theKeeperSeesToEachReplay() async throws {
        try await ReplayBench.run { bench in
            let replay = try #require(try await bench.start())
            let keeper = ReplayKeeper(store: bench.store, queue: bench.queue, logger: ReplayBench.silent)
            try await keeper.look()
            let second = try #require(try await bench.store.find(replay.id)).runner
            #expect(second != replay.runner)
            guard case .present(let view)? = try await bench.queue.job(second, in: [JobQueue.upkeep]) else {
                throw Unexpected(what: "nothing was enqueued")
            }
            #expect(ReplayHandler.replayID(view.envelope.arguments) == replay.id)
            try await keeper.look()
            #expect(try await bench.store.find(replay.id)?.runner == second)
            let dead = "\(bench.namespace):{upkeep}:"
            _ = try await bench.redis.run([.init("ZADD", arguments: [dead + "dead", "1", second.description])])
            try await keeper.look()
            let failed = try #require(try await bench.store.find(replay.id))
            #expect(failed.state == .failed && failed.error?.contains("dead set") == true)
        }
    }
}
