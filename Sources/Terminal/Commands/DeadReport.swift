import Operator

/// Buried jobs as a table.
enum DeadReport {
    static func lines(_ page: Page<JobResource>, nowMilliseconds: Int64, width: Int?) -> [String] {
        guard !page.items.isEmpty else { return ["no such buried job"] }
        var table = Table([
            .text("ID"), .text("QUEUE"), .text("KIND"), .text("TARGET"), .number("TRIES"), .text("BURIED"),
            .text("AGE"), .sentence("REASON"),
        ])
        table.rows = page.items.map { job in
            [
                job.id, job.queue, job.kind, job.target ?? "", job.maxAttempts.map { "\(job.attempts)/\($0)" } ?? "",
                HumanTime.time(job.buriedAt), HumanTime.age(of: job.buriedAt, nowMilliseconds: nowMilliseconds),
                job.reason ?? "",
            ]
        }
        let more = page.nextCursor == nil ? [] : ["there may be more: give a larger --limit or a filter"]
        return table.lines(width: width) + more
    }
}
