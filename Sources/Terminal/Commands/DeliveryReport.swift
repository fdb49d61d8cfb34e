import Operator
import Program

/// Deliveries as a table, and one with its attempts.
enum DeliveryReport {
    static func lines(_ page: Page<DeliveryResource>, nowMilliseconds: Int64, width: Int?) -> [String] {
        guard !page.items.isEmpty else { return ["no such delivery"] }
        var table = Table([
            .text("ID"), .text("STATE"), .text("TARGET"), .text("ACCOUNT"), .text("EVENT"), .number("TRIES"),
            .number("STATUS"), .text("LAST"), .sentence("ERROR"),
        ])
        table.rows = page.items.map { delivery in
            [
                delivery.id, delivery.state, delivery.target, delivery.domainName ?? "", delivery.eventType ?? "",
                "\(delivery.attemptCount)", delivery.status.map { "\($0)" } ?? "",
                HumanTime.age(of: delivery.lastAttemptAt, nowMilliseconds: nowMilliseconds), delivery.error ?? "",
            ]
        }
        let more = page.nextCursor == nil ? [] : ["there are more: give a larger --limit or a filter"]
        return table.lines(width: width) + more
    }

    static func lines(_ detail: DeliveryDetail, nowMilliseconds: Int64) -> [String] {
        let delivery = detail.delivery
        func time(_ text: String?) -> String? {
            text.map { "\($0) (\(HumanTime.age(of: $0, nowMilliseconds: nowMilliseconds)))" }
        }
        let facts: [(String, String?)] = [
            ("id", delivery.id), ("state", delivery.state), ("target", delivery.target),
            ("endpoint", delivery.endpointID), ("account", delivery.domainName), ("event", delivery.eventType),
            ("event id", delivery.eventID), ("engagement", delivery.engagementID), ("call", delivery.callSID),
            ("type", delivery.deliveryType), ("webhook-id", delivery.webhookID), ("replay of", delivery.replayOf),
            ("replay", delivery.replayID),
            ("attempts", "\(delivery.attemptCount)"), ("asked for", time(delivery.createdAt)),
            ("last attempt", time(delivery.lastAttemptAt)), ("next attempt", time(delivery.retryAt)),
            ("error", delivery.error),
        ]
        let shortened = detail.isShortened ? ["", "earlier attempts are left out"] : []
        return aligned(facts) + shortened + detail.attempts.flatMap { [""] + lines($0) }
    }

    private static func lines(_ attempt: AttemptResource) -> [String] {
        let name = attempt.number.map { "attempt \($0)" } ?? "put off"
        let facts: [(String, String?)] = [
            ("started", attempt.startedAt), ("worker", attempt.worker), ("status", attempt.status.map { "\($0)" }),
            ("error", attempt.error), ("retry at", attempt.retryAt),
            ("address", attempt.address.map { $0 + (attempt.isReused == true ? ", kept connection" : "") }),
            ("time", times(attempt.times)),
        ]
        return ["\(name): \(attempt.outcome)"] + aligned(facts).map { "  " + $0 }
            + block("request", attempt.requestHead) + block("response", attempt.response?.head)
            + block(attempt.response?.isCut == true ? "body, cut" : "body", attempt.response?.body)
    }

    /// Where the time went, without what took none.
    private static func times(_ times: AttemptTimes) -> String {
        let phases: [(String, Double)] = [
            ("queued", times.queued ?? 0), ("limiter", times.limiter), ("prepare", times.prepare), ("dns", times.dns),
            ("connect", times.connect), ("tls", times.tls), ("first byte", times.firstByte), ("body", times.body),
        ]
        let parts = phases.filter { $0.1 > 0 }.map { "\($0.0) \($0.1) ms" }
        return (parts + ["request in all \(times.total) ms"]).joined(separator: ", ")
    }

    private static func block(_ title: String, _ text: String?) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        return ["  \(title)"] + text.split(separator: "\n").map { "    " + OneLine.escape(String($0)) }
    }

    /// One fact a line, those that there are.
    static func aligned(_ facts: [(String, String?)]) -> [String] {
        let known = facts.compactMap { name, value in value.map { (name, $0) } }
        let width = known.map(\.0.count).max() ?? 0
        return known.map { name, value in
            "\(name)\(String(repeating: " ", count: width - name.count))  \(OneLine.escape(value))"
        }
    }
}
