import TestKit

/// Draws the faults of a plan: no two of one subject at a time, never all workers down, servers' long outages early
/// enough that the run ends in time.
struct FaultDraw {
    let window: Int64
    let theme: FaultPlan.Theme
    let apis: Int
    let workers: Int
    let schedulers: Int
    private var spared: Set<String> = []
    private var drawn: [PlannedFault] = []

    /// What a program needs to be up again and to have met its claims, in ms.
    private static let recoveryMilliseconds: Int64 = 3_000

    init(window: Int64, theme: FaultPlan.Theme, apis: Int, workers: Int, schedulers: Int) {
        self.window = window
        self.theme = theme
        self.apis = apis
        self.workers = workers
        self.schedulers = schedulers
    }

    /// No fault for this program.
    mutating func spare(_ role: Role, _ index: Int) { spared.insert("\(role.rawValue)-\(index)") }

    /// How long a worker stays away whose death others are to find.
    private static let foundMilliseconds: Int64 = 14_000

    /// - Parameter mustKill: a worker dies early whatever else is drawn, and stays away until the others have found it:
    ///   its successor would look as well.
    mutating func faults(mustKill: Bool, _ random: inout SeededRandom) -> [PlannedFault] {
        if mustKill {
            // One more worker would look as well.
            spared.insert(Fault.scaleUp.subject)
            let fault = Fault.kill(.worker, workers - 1)
            drawn.append(PlannedFault(fault: fault, atMilliseconds: 700, lastsMilliseconds: Self.foundMilliseconds))
        }
        let count = Int.random(in: 3...5, using: &random)
        for number in 0..<count {
            for _ in 0..<10 {
                let candidate = candidate(first: number == 0, &random)
                guard fits(candidate) else { continue }
                drawn.append(candidate)
                break
            }
        }
        return drawn.sorted { $0.atMilliseconds < $1.atMilliseconds }
    }

    /// The first one is of the theme.
    private func candidate(first: Bool, _ random: inout SeededRandom) -> PlannedFault {
        switch theme {
        case .programs: program(&random)
        case .redis: first ? redis(&random) : program(&random)
        case .postgres: first ? postgres(&random) : program(&random)
        case .clocks: Bool.random(using: &random) || first ? clock(&random) : program(&random)
        case .everything:
            switch Int.random(in: 0...5, using: &random) {
            case 0: redis(&random)
            case 1: postgres(&random)
            case 2: clock(&random)
            default: program(&random)
            }
        }
    }

    private func program(_ random: inout SeededRandom) -> PlannedFault {
        let worker = Int.random(in: 0..<workers, using: &random)
        switch Int.random(in: 0...10, using: &random) {
        case 0...2: return at(.kill(.worker, worker), until: window, lasts: 300...2_500, &random)
        case 3...4: return at(.freeze(.worker, worker), until: 2_500, lasts: FaultPlan.freezeMilliseconds, &random)
        // Shorter than the lease: nobody may take its jobs, and the pause is not the targets' fault.
        case 5: return at(.freeze(.worker, worker), until: window, lasts: 2_500...5_500, &random)
        case 6: return at(.replace(worker), until: window, lasts: 0...0, &random)
        case 7:
            let grows = Bool.random(using: &random)
            return at(grows ? .scaleUp : .scaleDown(worker), until: window, lasts: 0...0, &random)
        case 8:
            let api = Int.random(in: 0..<apis, using: &random)
            return at(.kill(.api, api), until: window, lasts: 200...1_500, &random)
        case 9:
            let api = Int.random(in: 0..<apis, using: &random)
            return at(.freeze(.api, api), until: window, lasts: 500...4_000, &random)
        default:
            let scheduler = Int.random(in: 0..<schedulers, using: &random)
            let freezes = Bool.random(using: &random)
            return freezes
                ? at(.freeze(.scheduler, scheduler), until: 2_500, lasts: 3_000...12_000, &random)
                : at(.kill(.scheduler, scheduler), until: window, lasts: 300...2_500, &random)
        }
    }

    /// An outage gives every lease its full length again, so it comes early.
    private func redis(_ random: inout SeededRandom) -> PlannedFault {
        switch Int.random(in: 0...4, using: &random) {
        case 0...1: at(.killRedis, until: window / 2, lasts: 0...3_000, &random)
        case 2: at(.restartRedis, until: window / 2, lasts: 0...2_000, &random)
        case 3: at(.freezeRedis, until: window / 4, lasts: 1_000...7_000, &random)
        default: at(.fillRedis, until: window / 2, lasts: 1_000...4_000, &random)
        }
    }

    private func postgres(_ random: inout SeededRandom) -> PlannedFault {
        switch Int.random(in: 0...2, using: &random) {
        case 0: at(.killPostgres, until: window * 2 / 3, lasts: 0...3_000, &random)
        case 1: at(.restartPostgres, until: window * 2 / 3, lasts: 0...2_000, &random)
        default: at(.freezePostgres, until: window / 2, lasts: 1_000...5_000, &random)
        }
    }

    /// By up to two leases either way, and set right soon: what came to be due while it was ahead waits for that time.
    private func clock(_ random: inout SeededRandom) -> PlannedFault {
        let clock = FaultClock.allCases[Int.random(in: 0..<FaultClock.allCases.count, using: &random)]
        let size = Int64.random(in: 1...20, using: &random)
        let seconds = Bool.random(using: &random) ? size : -size
        return at(.stepClock(clock, seconds: seconds), until: window / 2, lasts: 1_500...6_000, &random)
    }

    private func at(
        _ fault: Fault, until: Int64, lasts: ClosedRange<Int64>, _ random: inout SeededRandom
    ) -> PlannedFault {
        PlannedFault(
            fault: fault, atMilliseconds: Int64.random(in: 300...max(until, 301), using: &random),
            lastsMilliseconds: Int64.random(in: lasts, using: &random))
    }

    private func fits(_ candidate: PlannedFault) -> Bool {
        guard !spared.contains(candidate.fault.subject) else { return false }
        let ownEnd = Self.end(of: candidate)
        let overlapping = drawn.filter {
            $0.atMilliseconds < ownEnd && candidate.atMilliseconds < Self.end(of: $0)
        }
        guard !overlapping.contains(where: { $0.fault.subject == candidate.fault.subject }) else { return false }
        // A worker that is away for good is away at any later time.
        if drawn.contains(where: { $0.fault == .scaleDown(Self.worker(candidate.fault) ?? -1) }) { return false }
        guard Self.worker(candidate.fault) != nil else { return true }
        let away = Set((drawn.filter { Self.isForGood($0) } + overlapping).compactMap { Self.worker($0.fault) })
        // The armed worker dies at a time that nobody knows.
        let armed = spared.count { $0.hasPrefix("worker") }
        return away.count + armed + 1 < workers
    }

    private static func isForGood(_ planned: PlannedFault) -> Bool {
        if case .scaleDown = planned.fault { true } else { false }
    }

    private static func worker(_ fault: Fault) -> Int? {
        switch fault {
        case .kill(.worker, let index), .freeze(.worker, let index), .replace(let index), .scaleDown(let index): index
        default: nil
        }
    }

    /// With what follows from it: a scaled-down worker never comes back.
    private static func end(of planned: PlannedFault) -> Int64 {
        isForGood(planned) ? .max : planned.atMilliseconds + planned.lastsMilliseconds + recoveryMilliseconds
    }
}
