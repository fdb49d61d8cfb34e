import Queue

/// What a check found, for programs.
struct DoctorResource: Encodable {
    struct Example: Encodable {
        let name: String
        let note: String
    }

    struct Problem: Encodable {
        let problem: String
        let meaning: String
        let severity: String
        let queue: String?
        let count: Int
        let repaired: Int
        let examples: [Example]

        init(_ finding: DoctorReport.Finding) {
            problem = finding.ailment.rawValue
            meaning = finding.ailment.sentence
            severity = finding.severity.rawValue
            queue = finding.queue
            count = finding.count
            repaired = finding.repaired
            examples = finding.examples.map { Example(name: $0.name, note: $0.note) }
        }
    }

    struct Omission: Encodable {
        let queue: String
        let reason: String
    }

    let ok: Bool
    let queues: [String]
    let jobs: Int
    let findings: [Problem]
    /// Null when nothing was repaired, so that there was no second look.
    let remaining: [Problem]?
    let unchecked: [Omission]

    private enum CodingKeys: String, CodingKey {
        case ok, queues, jobs, findings, remaining, unchecked
    }

    init(_ report: DoctorReport) {
        ok = report.isWell
        queues = report.queues
        jobs = report.jobs
        findings = report.findings.map(Problem.init)
        remaining = report.remaining?.map(Problem.init)
        unchecked = report.omissions.map { Omission(queue: $0.queue, reason: $0.reason) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ok, forKey: .ok)
        try container.encode(queues, forKey: .queues)
        try container.encode(jobs, forKey: .jobs)
        try container.encode(findings, forKey: .findings)
        try container.encode(remaining, forKey: .remaining)
        try container.encode(unchecked, forKey: .unchecked)
    }
}
