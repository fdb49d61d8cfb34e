import Operator

/// Queues as a table.
enum QueueReport {
    static func lines(_ queues: [QueueResource], width: Int?) -> [String] {
        var table = Table([
            .text("QUEUE"), .number("READY"), .number("DUE"), .number("RUNNING"), .number("DEAD"), .number("OLDEST"),
            .number("BACKLOG"), .number("DONE/S"), .text("STATE"),
        ])
        table.rows = queues.map { queue in
            [
                queue.name, "\(queue.ready)", "\(queue.due)", "\(queue.running)", "\(queue.dead)",
                HumanTime.length(seconds: queue.oldestReadySeconds),
                queue.backlogSeconds.map { HumanTime.length(seconds: $0) } ?? "", rate(queue.donePerSecond),
                queue.paused ? "paused" : "open",
            ]
        }
        return table.lines(width: width)
    }

    private static func rate(_ perSecond: Double?) -> String {
        guard let perSecond else { return "" }
        return perSecond >= 10 ? "\(Int(perSecond))" : "\((perSecond * 10).rounded() / 10)"
    }
}
