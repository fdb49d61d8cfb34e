import Redis
import TestKit
import Testing

@testable import Queue

@Suite(.timeLimit(.minutes(1)))
struct LaneScriptTests {
    private func enqueue(
        _ bench: ScriptBench, _ lanes: [(String, Int)], at milliseconds: Int64 = 1_000
    ) async throws {
        for (lane, count) in lanes {
            let jobs = (0..<count).map { _ in bench.job(lane: lane) }
            try await bench.client(at: milliseconds).enqueue(jobs, to: bench.queue)
        }
    }

    private func limit(_ bench: ScriptBench, _ lane: String, _ limits: LaneLimits) async throws {
        try await bench.client().setLimits(limits, ofLane: lane, in: bench.queue)
    }

    private func lanes(_ haul: WorkTrips.Haul) -> [String: Int] {
        haul.jobs.reduce(into: [:]) { $0[$1.envelope.lane, default: 0] += 1 }
    }

    private func settle(_ jobs: [ClaimedJob], _ outcome: JobOutcome = .done()) -> [Settlement] {
        jobs.map { Settlement(outcome, of: $0, leavesTrace: false) }
    }

    @Test func lanesTakeTurnsWhateverTheirLength() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, [("long", 1_000), ("a", 10), ("b", 10)])
        #expect(lanes(try await bench.trip(want: 9)) == ["long": 3, "a": 3, "b": 3])
        #expect(try await bench.client().status(of: [bench.queue], nowMilliseconds: 0)[0].ready == 1_011)
    }

    @Test func oneFreeSlotGoesRoundTheLanesAndTheLineWithoutOne() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, [("long", 100), ("a", 100), ("", 100)])
        var served: [String: Int] = [:]
        for _ in 0..<30 {
            let haul = try await bench.trip(want: 1)
            served.merge(lanes(haul)) { $0 + $1 }
        }
        #expect(served == ["long": 10, "a": 10, "": 10])
    }

    @Test func whatLanesLeaveGoesToTheOthers() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, [("a", 2), ("b", 50), ("", 3)])
        #expect(lanes(try await bench.trip(want: 40)) == ["a": 2, "b": 35, "": 3])
        #expect(lanes(try await bench.trip(want: 40)) == ["b": 15])
        #expect(try await bench.reply("EXISTS", bench.keys.ring, bench.keys.lanes) == .integer(0))
        #expect(try await bench.reply("HGET", bench.keys.meta, "laned").string == "0")
    }

    @Test func aLaneAtItsCapWaitsForOneOfItsOwnToEnd() async throws {
        let bench = try await ScriptBench()
        try await limit(bench, "a", LaneLimits(inFlight: 2))
        try await enqueue(bench, [("a", 5), ("b", 1)])
        let first = try await bench.trip(want: 10)
        #expect(lanes(first) == ["a": 2, "b": 1])
        #expect(first.answer.left == 0)
        #expect(lanes(try await bench.trip("w2", want: 10)) == [:])
        let ofA = first.jobs.filter { $0.envelope.lane == "a" }
        let second = try await bench.trip(want: 10, settling: settle([ofA[0]]))
        #expect(lanes(second) == ["a": 1])
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).running == 2)
        let rest = try await bench.trip(want: 10, settling: settle([ofA[1]] + second.jobs))
        #expect(lanes(rest) == ["a": 2])
        _ = try await bench.trip(settling: settle(rest.jobs + first.jobs.filter { $0.envelope.lane == "b" }))
        #expect(try await bench.reply("EXISTS", bench.keys.lanesRunning, bench.keys.lanes) == .integer(0))
    }

    @Test(arguments: [
        JobOutcome.done(), .done(then: []), .retry(reason: "no"), .defer(milliseconds: 0, reason: "later"),
        .defer(milliseconds: 9, reason: "later"), .bury(reason: "never"),
    ])
    func everyEndFreesItsPlaceInTheLane(_ outcome: JobOutcome) async throws {
        let bench = try await ScriptBench()
        try await limit(bench, "a", LaneLimits(inFlight: 1))
        try await enqueue(bench, [("a", 2)])
        let first = try await bench.trip(want: 2).jobs
        #expect(first.count == 1)
        let second = try await bench.trip(want: 2, settling: settle(first, outcome)).jobs
        #expect(second.count == 1)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).running == 1)
        // A second time the settlement is stale and frees nothing.
        #expect(try await bench.trip(want: 2, settling: settle(first, outcome)).jobs.isEmpty)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).running == 1)
    }

    @Test func aDeadWorkersAndALostAnswersClaimsFreeTheirLanes() async throws {
        let bench = try await ScriptBench()
        try await limit(bench, "a", LaneLimits(inFlight: 2))
        try await enqueue(bench, [("a", 4)])
        _ = try await bench.trip("dead", want: 4, at: 1_000)
        _ = try await LeaseScriptTests.reap(bench, "dead", at: 60_000)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).running == 0)
        #expect(try await bench.trip("w1", want: 4, at: 60_000).jobs.count == 2)
        let trips = WorkTrips(redis: bench.redis, keys: [bench.keys], queues: [bench.queue], worker: "w1")
        #expect(try await trips.reconcile(queue: 0, known: []) == 2)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).running == 0)
        #expect(try await bench.trip("w2", want: 4, at: 60_000).jobs.count == 2)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).waiting == 2)
    }

    @Test func aRateSpreadsStartsAndAllowsItsBurst() async throws {
        let bench = try await ScriptBench()
        try await limit(bench, "a", LaneLimits(perSecond: 10, burst: 3))
        try await enqueue(bench, [("a", 100)])
        var starts: [Int64: Int] = [:]
        var now: Int64 = 10_000
        while now < 11_000 {
            let haul = try await bench.trip(want: 50, at: now)
            if !haul.jobs.isEmpty { starts[now - 10_000] = haul.jobs.count }
            let pause = try #require(haul.answer.untilDueMilliseconds)
            #expect(pause >= 1)
            now += pause
        }
        #expect(starts[0] == 3)
        #expect(starts.values.reduce(0, +) == 12)
        #expect(starts.filter { $0.key > 0 }.values.allSatisfy { $0 == 1 })
        // After a rest no more than the burst is saved up.
        #expect(try await bench.trip(want: 50, at: 99_000).jobs.count == 3)
    }

    @Test func aHeldLaneStartsNothingUntilItsTimeWhereverItStood() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, [("a", 5)])
        let first = try await bench.trip(want: 1, at: 1_000).jobs
        // It stands in the ring while it is held.
        let hold = settle(first, .retry(reason: "429", notBeforeMilliseconds: 0, holdLaneMilliseconds: 2_000))
        let haul = try await bench.trip(want: 5, settling: hold, at: 1_000)
        #expect(haul.jobs.isEmpty && haul.answer.untilDueMilliseconds == 2_000)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).heldUntilMilliseconds == 3_000)
        #expect(try await bench.trip(want: 5, at: 2_999).jobs.isEmpty)
        #expect(try await bench.trip(want: 5, at: 3_000).jobs.count == 4)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).heldUntilMilliseconds == nil)
        // An empty lane is held for those who come later.
        try await enqueue(bench, [("b", 1)], at: 3_000)
        let only = try await bench.trip(want: 1, at: 3_000).jobs
        _ = try await bench.trip(
            settling: settle(only, .defer(milliseconds: 0, reason: "busy", holdLaneMilliseconds: 500)), at: 3_000)
        #expect(try await bench.trip(want: 9, at: 3_499).jobs.isEmpty)
        #expect(try await bench.trip(want: 9, at: 3_500).jobs.map(\.id) == only.map(\.id))
    }

    @Test func theLaterHoldWins() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, [("a", 3)])
        let jobs = try await bench.trip(want: 2, at: 1_000).jobs
        let long = settle([jobs[0]], .retry(reason: "", holdLaneMilliseconds: 5_000))
        let short = settle([jobs[1]], .retry(reason: "", holdLaneMilliseconds: 1_000))
        _ = try await bench.trip(settling: long + short, at: 1_000)
        #expect(try await bench.trip(want: 1, at: 5_999).jobs.isEmpty)
        #expect(try await bench.trip(want: 1, at: 6_000).jobs.count == 1)
    }

    @Test func theBreakerOpensProbesWithOneAndCloses() async throws {
        let bench = try await ScriptBench()
        let breaker = LaneLimits.Breaker(
            windowMilliseconds: 10_000, minimumResults: 4, failurePercent: 50, openMilliseconds: 1_000,
            longestOpenMilliseconds: 3_000)
        try await limit(bench, "a", LaneLimits(inFlight: 10, breaker: breaker))
        try await enqueue(bench, [("a", 40)])
        let first = try await bench.trip(want: 4, at: 1_000).jobs
        let verdicts = settle(Array(first[..<2])) + settle(Array(first[2...]), .retry(reason: "500"))
        #expect(try await bench.trip(want: 4, settling: verdicts, at: 1_000).jobs.isEmpty)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).isBreakerOpen)
        #expect(try await bench.counter("breakers_opened") == 1)

        // One real job probes; it fails, and the breaker stays open twice as long, up to its limit.
        var now: Int64 = 2_000
        for pause in [2_000, 3_000, 3_000] as [Int64] {
            #expect(try await bench.trip(want: 4, at: now - 1).jobs.isEmpty)
            let probe = try await bench.trip(want: 4, at: now).jobs
            #expect(probe.count == 1)
            #expect(try await bench.trip(want: 4, at: now).jobs.isEmpty)
            _ = try await bench.trip(settling: settle(probe, .retry(reason: "500")), at: now)
            now += pause
        }
        let probe = try await bench.trip(want: 4, at: now).jobs
        #expect(probe.count == 1)
        let after = try await bench.trip(want: 6, settling: settle(probe), at: now).jobs
        #expect(after.count == 6)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).isBreakerOpen == false)
    }

    @Test func fewFailuresOrOldOnesDoNotOpenTheBreaker() async throws {
        let bench = try await ScriptBench()
        let breaker = LaneLimits.Breaker(windowMilliseconds: 1_000, minimumResults: 4, failurePercent: 50)
        try await limit(bench, "a", LaneLimits(breaker: breaker))
        try await enqueue(bench, [("a", 12)])
        for round in 0..<4 {
            let now = Int64(10_000 + round * 2_000)
            let jobs = try await bench.trip(want: 3, at: now).jobs
            #expect(jobs.count == 3)
            _ = try await bench.trip(settling: settle(jobs, .bury(reason: "400") as JobOutcome), at: now)
        }
        try await enqueue(bench, [("a", 3)])
        let jobs = try await bench.trip(want: 3, at: 30_000).jobs
        _ = try await bench.trip(settling: settle(jobs, .retry(reason: "500")), at: 30_000)
        #expect(try await bench.client().status(ofLane: "a", in: bench.queue).isBreakerOpen == false)
    }

    @Test func delayedJobsComeBackIntoTheirLane() async throws {
        let bench = try await ScriptBench()
        let job = bench.job(delayMilliseconds: 500, lane: "a")
        try await bench.client(at: 1_000).enqueue([job], to: bench.queue)
        let status = try await bench.client().status(of: [bench.queue], nowMilliseconds: 0)[0]
        #expect(status.due == 1 && status.ready == 0)
        let early = try await bench.trip(want: 5, at: 1_400)
        #expect(early.jobs.isEmpty && early.answer.untilDueMilliseconds == 100)
        #expect(try await bench.trip(want: 0, at: 1_500).jobs.isEmpty)
        #expect(try await bench.list(bench.keys.lane("a")) == [job.id.description])
        #expect(try await bench.trip(want: 5, at: 1_500).jobs.map(\.id) == [job.id])
    }

    @Test func aReleasedJobGoesToTheHeadOfItsLane() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, [("a", 3)])
        let job = try #require(try await bench.trip(want: 1).jobs.first)
        _ = try await bench.trip(settling: [.release(job)])
        #expect(try await bench.trip(want: 1).jobs.map(\.id) == [job.id])
    }

    @Test func aChangedLimitHoldsFromTheNextClaim() async throws {
        let bench = try await ScriptBench()
        try await bench.client().setStandardLaneLimits(LaneLimits(inFlight: 3), in: bench.queue)
        try await enqueue(bench, [("a", 20)])
        let first = try await bench.trip(want: 20).jobs
        #expect(first.count == 3)
        try await limit(bench, "a", LaneLimits(inFlight: 1))
        #expect(try await bench.trip(want: 20, settling: settle([first[0]])).jobs.isEmpty)
        try await bench.client().setLimits(nil, ofLane: "a", in: bench.queue)
        #expect(try await bench.trip(want: 20, settling: settle([first[1]])).jobs.count == 2)
    }

    @Test func aLaneThatLostItsEntriesIsServedAfterTheNextEnqueue() async throws {
        let bench = try await ScriptBench()
        try await enqueue(bench, [("a", 2)])
        _ = try await bench.reply("DEL", bench.keys.ring, bench.keys.lanes)
        #expect(try await bench.trip(want: 5).jobs.isEmpty)
        try await enqueue(bench, [("a", 1)])
        #expect(try await bench.trip(want: 5).jobs.count == 3)
    }

    /// Any order of enqueues, claims and ends: nothing is lost, no cap is passed, and the counts come out even.
    @Test func randomHistoriesKeepTheInvariants() async throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = SeededRandom(seed: seed)
        let bench = try await ScriptBench()
        let names = ["a", "b", "c", "d"]
        for (index, name) in names.enumerated() { try await limit(bench, name, LaneLimits(inFlight: index + 1)) }
        var (now, enqueued, ended) = (Int64(1_000), 0, 0)
        var running: [ClaimedJob] = []
        for _ in 0..<400 {
            now += .random(in: 0...20, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0:
                let count = Int.random(in: 1...6, using: &random)
                let lane = (names + [""])[.random(in: 0...4, using: &random)]
                try await enqueue(bench, [(lane, count)], at: now)
                enqueued += count
            case 1:
                running += try await bench.trip(want: .random(in: 1...8, using: &random), at: now).jobs
            default:
                guard !running.isEmpty else { continue }
                let job = running.remove(at: .random(in: 0..<running.count, using: &random))
                let outcomes: [JobOutcome] = [
                    .done(), .done(), .defer(milliseconds: 5, reason: ""), .retry(reason: "", holdLaneMilliseconds: 15),
                ]
                let outcome = outcomes[.random(in: 0...3, using: &random)]
                if case .done = outcome { ended += 1 }
                running += try await bench.trip(
                    want: .random(in: 0...2, using: &random), settling: settle([job], outcome), at: now
                ).jobs
            }
            for (index, name) in names.enumerated() {
                let held = running.count { $0.envelope.lane == name }
                #expect(held <= index + 1, "seed \(seed)")
            }
        }
        // Everything left comes out, each job once.
        var rounds = 0
        while rounds < 2_000 {
            rounds += 1
            now += 20_000
            let haul = try await bench.trip(want: 20, settling: settle(running), at: now)
            ended += running.count
            running = haul.jobs
            if running.isEmpty, haul.answer.untilDueMilliseconds == nil, haul.answer.left == 0 { break }
        }
        let buried = try await bench.client().status(of: [bench.queue], nowMilliseconds: 0)[0]
        #expect(ended + buried.dead == enqueued, "seed \(seed)")
        #expect(buried.ready == 0 && buried.due == 0 && buried.running == 0, "seed \(seed)")
        #expect(
            try await bench.reply("EXISTS", bench.keys.lanesRunning, bench.keys.lanes, bench.keys.ring) == .integer(0),
            "seed \(seed)")
    }
}
