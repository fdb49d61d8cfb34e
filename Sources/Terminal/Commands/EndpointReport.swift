import Operator

/// Subscriptions as a table. Addresses may hold tokens, so only where they lead is shown.
enum EndpointReport {
    static func lines(_ endpoints: [EndpointResource], width: Int?) -> [String] {
        guard !endpoints.isEmpty else { return ["there are no endpoints"] }
        var table = Table([
            .text("ENDPOINT"), .text("STATUS"), .text("SIGNING"), .number("ATTEMPTS"), .text("TO"),
            .sentence("OPERATIONS"),
        ])
        table.rows = endpoints.map { endpoint in
            [
                endpoint.id, endpoint.status, endpoint.signing, "\(endpoint.attempts)", endpoint.place,
                endpoint.operations.joined(separator: ","),
            ]
        }
        return table.lines(width: width)
    }

    /// One endpoint with how its lane stands.
    static func lines(_ endpoint: EndpointResource, _ stats: EndpointStats, width: Int?) -> [String] {
        var lines = lines([endpoint], width: width) + [""]
        lines.append("waiting \(stats.waiting), running \(stats.running) of \(stats.maximumInFlight)")
        if stats.behind > 0 { lines.append("\(stats.behind) wait for another to end, by its order_by") }
        if stats.breakerOpen { lines.append("its breaker is open: its deliveries failed too often") }
        if let until = stats.heldUntil { lines.append("nothing starts until \(until)") }
        if let reason = stats.parkedReason { lines.append("parked: \(reason)") }
        lines.append("timetable: " + endpoint.timetable)
        return lines
    }
}
