import TestKit
import Testing

@testable import Queue

@Suite struct WorkPlannerTests {
    private typealias Call = WorkPlanner.Call
    private typealias Answer = WorkPlanner.Answer

    private func planner(queues: Int = 1, concurrency: Int = 8) -> WorkPlanner {
        WorkPlanner(queueCount: queues, limits: .init(concurrency: concurrency), nowMilliseconds: 0)
    }

    @Test func theFirstTripClaimsForEverySlot() {
        var planner = planner()
        #expect(planner.next(nowMilliseconds: 0) == .trip([Call(queue: 0, want: 8)]))
    }

    @Test func slotsAreSharedAmongQueuesInTurn() {
        var planner = planner(queues: 3, concurrency: 8)
        guard case .trip(let calls) = planner.next(nowMilliseconds: 0) else {
            Issue.record("no trip")
            return
        }
        #expect(calls.map(\.want).sorted() == [2, 3, 3])
    }

    @Test func anEmptyQueueMakesItListen() {
        var planner = planner()
        planner.tripped(
            [Call(queue: 0, want: 8)], [Answer(claimed: 0, untilDueMilliseconds: nil, left: 0)], nowMilliseconds: 1)
        #expect(planner.next(nowMilliseconds: 1) == .wait(untilMilliseconds: 10_001, listens: true))
        #expect(planner.next(nowMilliseconds: 10_001) == .trip([Call(queue: 0, want: 8)]))
    }

    @Test func itWakesForTheNextDueJob() {
        var planner = planner()
        planner.tripped(
            [Call(queue: 0, want: 8)], [Answer(claimed: 0, untilDueMilliseconds: 500, left: 0)], nowMilliseconds: 1)
        #expect(planner.next(nowMilliseconds: 1) == .wait(untilMilliseconds: 501, listens: true))
        #expect(planner.next(nowMilliseconds: 501) == .trip([Call(queue: 0, want: 8)]))
    }

    @Test func aPausedQueueIsNotHot() {
        var planner = planner()
        planner.tripped(
            [Call(queue: 0, want: 8)], [Answer(claimed: 0, untilDueMilliseconds: nil, left: 50)], nowMilliseconds: 1)
        #expect(planner.next(nowMilliseconds: 1) == .wait(untilMilliseconds: 10_001, listens: true))
    }

    @Test func aRingLeadsToATrip() {
        var planner = planner(queues: 2)
        let none = Answer(claimed: 0, untilDueMilliseconds: nil, left: 0)
        planner.tripped([Call(queue: 0, want: 4), Call(queue: 1, want: 4)], [none, none], nowMilliseconds: 1)
        planner.rang(queue: 1)
        #expect(planner.next(nowMilliseconds: 1) == .trip([Call(queue: 1, want: 8)]))
    }

    @Test func fewSettlementsWaitForCompany() {
        var planner = planner()
        planner.tripped(
            [Call(queue: 0, want: 8)], [Answer(claimed: 8, untilDueMilliseconds: nil, left: 9)], nowMilliseconds: 10)
        #expect(planner.next(nowMilliseconds: 10) == .wait(untilMilliseconds: .max, listens: false))
        planner.jobFinished(queue: 0)
        #expect(planner.next(nowMilliseconds: 10) == .wait(untilMilliseconds: 12, listens: false))
        #expect(planner.next(nowMilliseconds: 12) == .trip([Call(queue: 0, want: 1)]))
        planner.jobFinished(queue: 0)
        #expect(planner.next(nowMilliseconds: 10) == .trip([Call(queue: 0, want: 2)]), "a quarter has turned over")
    }

    @Test func aFailedTripIsRepeatedAfterAPause() {
        var planner = planner()
        #expect(planner.next(nowMilliseconds: 5) == .trip([Call(queue: 0, want: 8)]))
        planner.tripFailed(nowMilliseconds: 5)
        #expect(planner.next(nowMilliseconds: 5) == .wait(untilMilliseconds: 105, listens: false))
        #expect(planner.next(nowMilliseconds: 105) == .trip([Call(queue: 0, want: 8)]))
    }

    @Test func stoppingSettlesAndClaimsNoMore() {
        var planner = planner()
        planner.tripped(
            [Call(queue: 0, want: 8)], [Answer(claimed: 2, untilDueMilliseconds: nil, left: 9)], nowMilliseconds: 1)
        planner.stop()
        #expect(planner.next(nowMilliseconds: 2) == .wait(untilMilliseconds: .max, listens: false))
        planner.jobFinished(queue: 0)
        planner.jobFinished(queue: 0)
        #expect(planner.next(nowMilliseconds: 9) == .trip([Call(queue: 0, want: 0)]))
        planner.tripped(
            [Call(queue: 0, want: 0)], [Answer(claimed: 0, untilDueMilliseconds: nil, left: 9)], nowMilliseconds: 9)
        #expect(planner.next(nowMilliseconds: 9) == .finished)
    }

    /// Random histories: never more running than slots, no claim while stopping, no wait that nothing ends.
    @Test(arguments: 0..<50) func invariantsHold(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let concurrency = Int.random(in: 1...40, using: &random)
        let queueCount = Int.random(in: 1...4, using: &random)
        var planner = planner(queues: queueCount, concurrency: concurrency)
        var running = Array(repeating: 0, count: queueCount)
        var backlog = (0..<queueCount).map { _ in Int.random(in: 0...200, using: &random) }
        var now: Int64 = 0
        for round in 0..<2_000 {
            if round == 1_500 { planner.stop() }
            let total = running.reduce(0, +)
            #expect(total <= concurrency && total == planner.running, "seed \(seed)")
            switch planner.next(nowMilliseconds: now) {
            case .trip(let calls):
                #expect(calls.reduce(0) { $0 + $1.want } <= concurrency - total, "seed \(seed)")
                if planner.isStopping { #expect(calls.allSatisfy { $0.want == 0 }, "seed \(seed)") }
                if Int.random(in: 0..<10, using: &random) == 0 {
                    planner.tripFailed(nowMilliseconds: now)
                } else {
                    let answers = calls.map { call in
                        let claimed = min(call.want, backlog[call.queue])
                        backlog[call.queue] -= claimed
                        running[call.queue] += claimed
                        return Answer(claimed: claimed, untilDueMilliseconds: nil, left: backlog[call.queue])
                    }
                    planner.tripped(calls, answers, nowMilliseconds: now)
                }
            case .wait(let until, _):
                #expect(until > now, "seed \(seed)")
                let canRun = until != .max
                #expect(canRun || total > 0, "nothing would ever end this wait; seed \(seed)")
                if let queue = running.indices.filter({ running[$0] > 0 }).randomElement(using: &random) {
                    running[queue] -= 1
                    planner.jobFinished(queue: queue)
                } else {
                    now = until
                }
            case .finished:
                #expect(planner.isStopping && total == 0, "seed \(seed)")
                return
            }
            now += Int64.random(in: 0...3, using: &random)
        }
        Issue.record("it never finished; seed \(seed)")
    }
}
