import Program
import Queue

/// What a check found, for people.
enum DoctorLines {
    static func lines(_ report: DoctorReport, repairs: Bool) -> [String] {
        var lines: [String] = []
        for finding in report.findings { lines += self.lines(finding, repairs: repairs) }
        if let remaining = report.remaining, !remaining.isEmpty {
            lines += ["", "still there at a second look:"]
            for finding in remaining { lines += self.lines(finding, repairs: false) }
        }
        if !report.omissions.isEmpty {
            lines += ["", "not checked:"] + report.omissions.map { "  \($0.queue): \(OneLine.escape($0.reason))" }
        }
        if !lines.isEmpty { lines.append("") }
        let scope = "\(report.queues.count) \(report.queues.count == 1 ? "queue" : "queues"), \(report.jobs) jobs: "
        lines.append(scope + (report.isWell ? "all is well" : "not all is well"))
        let isRepairable = report.findings.contains { !$0.ailment.isOnlyReported && $0.severity == .fault }
        if !report.isWell, !repairs, isRepairable { lines.append("'aventora doctor --repair' puts right what it can") }
        return lines
    }

    private static func lines(_ finding: DoctorReport.Finding, repairs: Bool) -> [String] {
        let place = finding.queue.map { "queue \($0): " } ?? "processes: "
        let mark = finding.severity == .fault ? "wrong" : finding.severity == .dust ? "dust " : "note "
        var first = "\(mark)  \(place)\(finding.count) x \(finding.ailment.sentence)  [\(finding.ailment.rawValue)]"
        if repairs { first += " -> " + outcome(finding) }
        let examples = finding.examples.map { example in
            "         \(OneLine.escape(example.name))"
                + (example.note.isEmpty ? "" : "  \(OneLine.escape(example.note))")
        }
        let more = finding.count - finding.examples.count
        return [first] + examples + (more > 0 ? ["         and \(more) more"] : [])
    }

    private static func outcome(_ finding: DoctorReport.Finding) -> String {
        if finding.ailment.isOnlyReported { return "left alone: what was meant cannot be known" }
        if finding.repaired == finding.count { return "repaired" }
        if finding.repaired == 0 { return "not repaired: see docs/doctor.md" }
        return "\(finding.repaired) repaired, \(finding.count - finding.repaired) not: run it again"
    }
}
