import Queue
import Synchronization
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct ReplayGateTests {
    private final class Clock: MonotonicClock {
        private let time = Atomic<Int64>(0)

        var nowMilliseconds: Int64 { time.load(ordering: .relaxed) }

        func sleep(milliseconds: Int64) async throws { pass(milliseconds) }

        func pass(_ milliseconds: Int64) { time.add(milliseconds, ordering: .relaxed) }
    }

    /// What the gate finds, and what was asked of it.
    private final class World: Sendable {
        let state = Mutex<Replay.State?>(.running)
        let isAway = Atomic(false)
        let reads = Atomic(0)
        let cancelled = Mutex<[JobID]>([])
    }

    private func gate(_ world: World, _ clock: Clock) -> ReplayGate {
        ReplayGate(
            read: { _ throws(JobsError) in
                world.reads.add(1, ordering: .relaxed)
                guard !world.isAway.load(ordering: .relaxed) else { throw JobsError(.storage, "away") }
                return world.state.withLock { $0 }
            },
            cancel: { job throws(QueueError) in world.cancelled.withLock { $0.append(job) } }, clock: clock)
    }

    @Test func onlyReplaysAreAskedAbout() async throws {
        let world = World()
        let gate = gate(world, Clock())
        #expect(try await gate.outcome(DeliverySamples.id(), lane: "twenty:replay:rp_1") == nil)
        #expect(try await gate.outcome(DeliverySamples.id(), lane: "") == nil)
        #expect(world.reads.load(ordering: .relaxed) == 0)
    }

    @Test(arguments: [(Replay.State?.none, true), (.running, true), (.done, true), (.paused, false), (.failed, false)])
    func whatGoesOnMayRun(state: Replay.State?, mayRun: Bool) async throws {
        let world = World()
        world.state.withLock { $0 = state }
        let outcome = try await gate(world, Clock()).outcome(DeliverySamples.id(), lane: "replay:rp_1")
        #expect((outcome == nil) == mayRun)
        if case .defer(let milliseconds, _, let hold)? = outcome { #expect(milliseconds == 0 && hold == 1_000) }
        #expect(world.cancelled.withLock { $0.isEmpty })
    }

    @Test func whatIsCancelledEnds() async throws {
        let world = World()
        world.state.withLock { $0 = .cancelled }
        let job = DeliverySamples.id()
        #expect(try await gate(world, Clock()).outcome(job, lane: "replay:rp_1") != nil)
        #expect(world.cancelled.withLock { $0 } == [job])
    }

    @Test func aChangeIsSeenWithinHalfASecond() async throws {
        let (world, clock) = (World(), Clock())
        let gate = gate(world, clock)
        for _ in 0..<100 { #expect(try await gate.outcome(DeliverySamples.id(), lane: "replay:rp_1") == nil) }
        #expect(world.reads.load(ordering: .relaxed) == 1)
        world.state.withLock { $0 = .paused }
        clock.pass(ReplayGate.trustMilliseconds - 1)
        #expect(try await gate.outcome(DeliverySamples.id(), lane: "replay:rp_1") == nil)
        clock.pass(1)
        #expect(try await gate.outcome(DeliverySamples.id(), lane: "replay:rp_1") != nil)
        #expect(try await gate.outcome(DeliverySamples.id(), lane: "replay:rp_1") != nil)
        #expect(world.reads.load(ordering: .relaxed) == 2)
    }

    /// Nobody knows whether it was cancelled, so nothing is sent.
    @Test func whileItCannotBeReadNothingRuns() async throws {
        let (world, clock) = (World(), Clock())
        let gate = gate(world, clock)
        #expect(try await gate.outcome(DeliverySamples.id(), lane: "replay:rp_1") == nil)
        world.isAway.store(true, ordering: .relaxed)
        clock.pass(ReplayGate.trustMilliseconds)
        for _ in 0..<2 { #expect(try await gate.outcome(DeliverySamples.id(), lane: "replay:rp_1") != nil) }
        world.isAway.store(false, ordering: .relaxed)
        #expect(try await gate.outcome(DeliverySamples.id(), lane: "replay:rp_1") == nil)
    }
}
