import Operator

/// Replays as a table, and one with how far it is.
enum ReplayReport {
    static func lines(_ page: Page<ReplayResource>, nowMilliseconds: Int64, width: Int?) -> [String] {
        guard !page.items.isEmpty else { return ["no replays"] }
        var table = Table([
            .text("ID"), .text("STATE"), .number("TOTAL"), .number("SENT"), .number("DELIVERED"), .number("FAILED"),
            .number("WAITING"), .text("ASKED FOR"), .sentence("FILTER"),
        ])
        table.rows = page.items.map { replay in
            [
                replay.id, replay.state, "\(replay.total)", "\(replay.sent)", "\(replay.delivered)",
                "\(replay.failed)", "\(replay.waiting)",
                HumanTime.age(of: replay.createdAt, nowMilliseconds: nowMilliseconds),
                replay.filter.conditions.map { "\($0.0)=\($0.1)" }.joined(separator: " "),
            ]
        }
        let more = page.nextCursor == nil ? [] : ["there are more: give a larger --limit"]
        return table.lines(width: width) + more
    }

    static func lines(_ replay: ReplayResource, nowMilliseconds: Int64) -> [String] {
        func time(_ text: String?) -> String? {
            text.map { "\($0) (\(HumanTime.age(of: $0, nowMilliseconds: nowMilliseconds)))" }
        }
        var facts: [(String, String?)] = [
            ("id", replay.id), ("state", replay.state), ("from", replay.from), ("to", replay.to),
        ]
        facts += replay.filter.conditions
        facts += [
            ("pace", "\(replay.pacePerSecond)/s"), ("asked for", time(replay.createdAt)),
            ("ended", time(replay.endedAt)), ("total", "\(replay.total)"), ("examined", "\(replay.examined)"),
            ("sent", "\(replay.sent)"), ("delivered", "\(replay.delivered)"), ("failed", "\(replay.failed)"),
            ("cancelled", "\(replay.cancelled)"), ("waiting", "\(replay.waiting)"),
            ("skipped", skips(replay.skipped)), ("error", replay.error),
        ]
        return DeliveryReport.aligned(facts)
    }

    static func lines(_ count: ReplayCountResource, width: Int?) -> [String] {
        var lines = [
            "\(count.count) deliveries would be sent again, in \(count.seconds) s at \(count.pacePerSecond)/s"
        ]
        if let skips = skips(count.skipped) { lines.append("left out: \(skips)") }
        guard !count.targets.isEmpty else { return lines }
        var table = Table([.text("TARGET"), .number("COUNT")])
        table.rows = count.targets.map { [$0.target, "\($0.count)"] }
        lines += table.lines(width: width)
        return count.isShortened ? lines + ["and other targets with fewer"] : lines
    }

    private static func skips(_ skipped: [String: Int64]) -> String? {
        guard !skipped.isEmpty else { return nil }
        return skipped.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}
