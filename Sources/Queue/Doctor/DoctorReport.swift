/// What a check found, and what became of it.
public struct DoctorReport: Sendable, Hashable {
    /// All that was found of one kind in one queue.
    public struct Finding: Sendable, Hashable {
        public let ailment: Ailment
        public let severity: Ailment.Severity
        /// nil: it concerns the processes, which belong to no queue.
        public let queue: String?
        public internal(set) var count = 0
        /// How many of them are right now.
        public internal(set) var repaired = 0
        /// The first few.
        public internal(set) var examples: [Example] = []

        init(_ ailment: Ailment, queue: QueueName?) {
            self.ailment = ailment
            severity = ailment.severity
            self.queue = queue?.description
        }
    }

    /// One case of it: the job's id, the lane, the key or the process, and what was seen.
    public struct Example: Sendable, Hashable {
        public let name: String
        public let note: String
    }

    /// Something that could not be judged, and why.
    public struct Omission: Sendable, Hashable {
        public let queue: String
        public let reason: String
    }

    /// What was looked at.
    public internal(set) var queues: [String] = []
    /// Envelopes that were seen.
    public internal(set) var jobs = 0
    /// What was found, and with a repair what was mended of it.
    public internal(set) var findings: [Finding] = []
    /// After a repair that changed something: what a second look found. Nil when there was none.
    public internal(set) var remaining: [Finding]?
    public internal(set) var omissions: [Omission] = []

    /// Whether nothing is wrong, or nothing any more.
    public var isWell: Bool {
        if let remaining { return !remaining.contains { $0.severity == .fault } }
        return !findings.contains { $0.severity == .fault && $0.repaired < $0.count }
    }

    /// Examples that are kept of each finding.
    static let examplesKept = 5

    mutating func add(_ ailment: Ailment, in queue: QueueName?, name: String, note: String = "", isRepaired: Bool) {
        let index: Int
        if let known = findings.firstIndex(where: { $0.ailment == ailment && $0.queue == queue?.description }) {
            index = known
        } else {
            findings.append(Finding(ailment, queue: queue))
            index = findings.count - 1
        }
        findings[index].count += 1
        if isRepaired { findings[index].repaired += 1 }
        if findings[index].examples.count < Self.examplesKept {
            findings[index].examples.append(Example(name: name, note: note))
        }
    }
}

/// How far a check has come.
public struct DoctorProgress: Sendable, Hashable {
    public let queue: QueueName
    /// What is done now, such as `reading the lines`.
    public let step: String
    /// Entries read in this step.
    public let done: Int
    /// Of about how many; 0 = not known.
    public let total: Int
}
