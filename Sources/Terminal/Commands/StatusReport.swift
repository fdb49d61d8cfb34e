import Operator
import Program

/// The whole system on one screen.
enum StatusReport {
    static func lines(_ status: StatusResource, width: Int?) -> [String] {
        var lines = ["redis     \(word(status.redis))", "postgres  \(word(status.postgres))"]
        if status.redis.ok { lines.append("workers   \(workers(status.workers))") }
        if !status.queues.isEmpty { lines += [""] + QueueReport.lines(status.queues, width: width) }
        if !status.workers.isEmpty { lines += [""] + WorkerReport.lines(status.workers, width: width) }
        for (title, sentences) in [("wrong:", status.problems), ("to know:", status.notices)] where !sentences.isEmpty {
            lines += ["", title] + sentences.map { "  " + OneLine.escape($0) }
        }
        return lines + ["", status.ok ? "all is well" : "not all is well"]
    }

    private static func word(_ server: StatusResource.ServerResource) -> String {
        server.ok ? "ok" : "cannot be used: " + OneLine.escape(server.detail ?? "no reason known")
    }

    private static func workers(_ workers: [WorkerResource]) -> String {
        let working = workers.filter { $0.state == "working" }
        let running = workers.reduce(0) { $0 + $1.running }
        let room = working.reduce(0) { $0 + ($1.concurrency ?? 0) }
        return "\(working.count) working, running \(running) of \(room)"
    }
}
