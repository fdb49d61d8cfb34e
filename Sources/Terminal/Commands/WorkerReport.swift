import Operator

/// Worker processes as a table.
enum WorkerReport {
    static func lines(_ workers: [WorkerResource], width: Int?) -> [String] {
        guard !workers.isEmpty else { return ["no worker runs"] }
        var table = Table([
            .text("WORKER"), .text("STATE"), .number("BEAT"), .number("RUNNING"), .number("OF"), .text("VERSION"),
            .sentence("QUEUES"),
        ])
        table.rows = workers.map { worker in
            [
                worker.name, worker.state, HumanTime.length(seconds: worker.heartbeatAgeSeconds) + " ago",
                "\(worker.running)", worker.concurrency.map { "\($0)" } ?? "", worker.version ?? "",
                worker.queues.joined(separator: ","),
            ]
        }
        return table.lines(width: width)
    }
}
