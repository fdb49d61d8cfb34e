import Queue

/// What one seed came to.
struct SeedLedger: Sendable, Encodable {
    let seed: UInt64
    let theme: String
    let point: String
    /// What was planned, for a person.
    let plan: [String]
    var seconds = 0.0
    var accepted = 0
    var delivered = 0
    var dead = 0
    var quarantined = 0
    var lost = 0
    var pending = 0
    /// Deliveries beyond a job's first, by what caused them.
    var duplicated: [String: Int] = [:]
    /// Jobs that a dead or frozen worker held.
    var orphaned = 0
    /// How long until such a job ran elsewhere, in ms; outages of servers do not count.
    var longestRecovery: Int64 = 0
    var late = 0
    /// Attempts beyond the failures that targets gave.
    var overspent = 0
    /// Results of workers that had lost their claims: refused.
    var staleRefused: Int64 = 0
    var leftovers = 0
    var refusals: [String: Int] = [:]
    var reachedPoints: [String] = []
    /// One sentence for each promise that was broken; empty is good.
    var broken: [String] = []
    /// Where everything of the run is, when it was kept.
    var folder: String?

    var isGood: Bool { broken.isEmpty }

    init(plan: FaultPlan) {
        seed = plan.seed
        theme = plan.theme.rawValue
        point = "\(plan.arming.point.rawValue):\(plan.arming.nth)"
        self.plan =
            ["\(plan.apiCount) APIs, \(plan.workerCount) workers, \(plan.schedulerCount) schedulers"]
            + plan.faults.map(\.description) + plan.weather.map(\.description)
    }
}
