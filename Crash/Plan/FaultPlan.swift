// A seed says everything: how many programs there are, what goes wrong and when. The times at which the programs then
// meet the faults are the machine's, so a seed repeats the plan, not every interleaving.

import Queue
import TestKit

/// What happens in the run of one seed. Pure.
struct FaultPlan: Sendable, Hashable {
    /// What a seed looks at most; a run has all kinds.
    enum Theme: String, Sendable, Hashable, CaseIterable { case programs, redis, postgres, clocks, everything }

    /// A process that dies at a named point.
    struct Arming: Sendable, Hashable {
        let point: FaultPoint
        /// At which reach of it.
        let nth: Int
        /// Which programs are armed at their first start.
        let programs: Set<Program>
    }

    /// A program by its role and its number there.
    struct Program: Sendable, Hashable {
        let role: Role
        let index: Int
    }

    static let accountCount = 3
    /// How long a frozen worker is away: longer than its lease and the beat that finds out.
    static let freezeMilliseconds: ClosedRange<Int64> = 12_500...13_500

    let seed: UInt64
    /// How long faults begin.
    let windowMilliseconds: Int64
    let theme: Theme
    let apiCount: Int
    let workerCount: Int
    let schedulerCount: Int
    /// A stopping worker's time for its running jobs.
    let graceSeconds: Int
    let arming: Arming
    let faults: [PlannedFault]
    let weather: [Weather]

    /// - Parameters:
    ///   - window: how long faults begin, in ms.
    ///   - point: the named point; in turn unless given, so that consecutive seeds have all of them.
    init(seed: UInt64, window: Int64, point: FaultPoint? = nil) {
        var random = SeededRandom(seed: seed)
        self.seed = seed
        windowMilliseconds = window
        let points = FaultPoint.allCases
        let point = point ?? points[Int(seed % UInt64(points.count))]
        theme = Self.themes[Int.random(in: 0..<Self.themes.count, using: &random)]
        apiCount = Int.random(in: 1...2, using: &random)
        let isReap = point == .beforeReap || point == .afterReap
        // One to die, and one to find it.
        workerCount = isReap ? 2 : Int.random(in: 2...4, using: &random)
        schedulerCount = Int.random(in: 1...2, using: &random)
        graceSeconds = [1, 3][Int.random(in: 0...1, using: &random)]
        let arming = Self.arm(point, schedulerCount, &random)
        self.arming = arming
        var draw = FaultDraw(
            window: window, theme: theme, apis: apiCount, workers: workerCount, schedulers: schedulerCount)
        // The armed one is the point's; the other faults are for the others.
        for program in arming.programs { draw.spare(program.role, program.index) }
        faults = draw.faults(mustKill: isReap, &random)
        weather = Self.weather(window, &random)
    }

    /// The programs' own faults are half of all.
    private static let themes: [Theme] = [
        .programs, .programs, .programs, .redis, .redis, .postgres, .clocks, .everything,
    ]

    private static func arm(_ point: FaultPoint, _ schedulers: Int, _ random: inout SeededRandom) -> Arming {
        switch point {
        case .beforeReap, .afterReap:
            // Whoever looks first finds the dead worker, so all who look are armed; they come back unarmed.
            let watchers = (0..<schedulers).map { Program(role: .scheduler, index: $0) }
            return Arming(point: point, nth: 1, programs: Set(watchers + [Program(role: .worker, index: 0)]))
        case .apiBeforeEnqueue, .apiAfterEnqueue:
            let nth = Int.random(in: 1...60, using: &random)
            return Arming(point: point, nth: nth, programs: [Program(role: .api, index: 0)])
        case .schedulerBeforeRecord, .schedulerBeforeForget, .schedulerAfterForget:
            let nth = Int.random(in: 1...8, using: &random)
            return Arming(point: point, nth: nth, programs: [Program(role: .scheduler, index: 0)])
        case .relayBeforeEnqueue, .relayAfterEnqueue, .relayAfterNote:
            // One of them relays at a time.
            let relays = (0..<schedulers).map { Program(role: .scheduler, index: $0) }
            return Arming(point: point, nth: Int.random(in: 1...8, using: &random), programs: Set(relays))
        case .workerBeforeSettle, .workerAfterSettle, .workerClaimed, .workerBeforeKeep, .workerKept,
            .workerBeforePost, .workerAfterPost, .workerAfterLog:
            let nth = Int.random(in: 1...40, using: &random)
            return Arming(point: point, nth: nth, programs: [Program(role: .worker, index: 0)])
        }
    }

    /// Whether this clock is stepped at all.
    func steps(_ clock: FaultClock) -> Bool {
        faults.contains { if case .stepClock(clock, _) = $0.fault { true } else { false } }
    }

    /// Target 0 is always good: there is always work that goes through.
    private static func weather(_ window: Int64, _ random: inout SeededRandom) -> [Weather] {
        (1..<accountCount).flatMap { account in
            (0..<2).map { part in
                let mood = Mood.bad[Int.random(in: 0..<Mood.bad.count, using: &random)]
                let half = window / 2
                let from = Int64(part) * half + Int64.random(in: 0...(half / 2), using: &random)
                let longest: Int64 = mood == .refuse ? 500 : 3_000
                let length = Int64.random(in: 300...longest, using: &random)
                return Weather(account: account, from: from, until: from + length, mood: mood)
            }
        }
    }
}
