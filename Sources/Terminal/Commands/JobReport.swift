import Operator
import Program

/// One job, a line for each thing that is known of it.
enum JobReport {
    static func lines(_ job: JobResource, nowMilliseconds: Int64) -> [String] {
        func time(_ text: String?) -> String? {
            text.map { "\($0) (\(HumanTime.age(of: $0, nowMilliseconds: nowMilliseconds)))" }
        }
        let facts: [(String, String?)] = [
            ("id", job.id), ("state", job.state), ("why", job.why), ("queue", job.queue), ("kind", job.kind),
            ("target", job.target), ("lane", job.lane), ("order key", job.orderKey),
            ("attempts", job.maxAttempts.map { "\(job.attempts) of \($0)" } ?? "\(job.attempts)"),
            ("crashes", job.crashes > 0 ? "\(job.crashes)" : nil),
            ("deferrals", job.deferrals > 0 ? "\(job.deferrals)" : nil), ("enqueued", time(job.enqueuedAt)),
            ("runs", time(job.runAt)), ("buried", time(job.buriedAt)), ("finished", time(job.finishedAt)),
            ("worker", job.worker), ("note", job.note.flatMap { $0.isEmpty ? nil : $0 }),
            ("last error", job.lastError), ("at", time(job.lastErrorAt)),
        ]
        let known = facts.compactMap { name, value in value.map { (name, $0) } }
        let width = known.map(\.0.count).max() ?? 0
        return known.map { name, value in
            "\(name)\(String(repeating: " ", count: width - name.count))  \(OneLine.escape(value))"
        }
    }
}
