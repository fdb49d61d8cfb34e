/// How a job ended.
struct EndedJob: Sendable, Hashable {
    let isDead: Bool
    let isQuarantined: Bool
    let kind: String
    let queue: String
    let attempts: Int
    /// Since the run began, in ms; nil for a dead one, and where Redis's clock was stepped.
    let at: Int64?
    /// What its handler said.
    let note: String
}

/// All that is known of one run when it is over.
struct SeedFacts: Sendable {
    var workerCount = 0
    var accepted: [AcceptedEvent] = []
    /// By engagement: the jobs of answers that named more than one.
    var crowds: [String: [String]] = [:]
    /// In the order of arrival.
    var visits: [Scenery.Visit] = []
    /// By id.
    var ended: [String: EndedJob] = [:]
    /// Jobs of the outbox that another one stands for, and which.
    var carriers: [String: String] = [:]
    /// Ids that Redis or the outbox still has to run.
    var pending: Set<String> = []
    var disturbances: [Disturbance] = []
    var bereavements: [Bereavement] = []
    /// By queue: the engine's own totals.
    var counters: [String: [String: Int64]] = [:]
    var leftovers: [String] = []
    /// What the programs, the callers or the run itself found wrong.
    var complaints: [String] = []
    var reached: [String] = []
    /// Statuses other than 202, with their counts; 0 is no answer.
    var refusals: [Int: Int] = [:]
}
