/// What an attempt at an endpoint came to, and what follows from it. Pure.
///
/// 2xx is success. 410 means that the endpoint is gone: it is parked. 3xx is final and shows where it leads. Everything
/// else is tried again by the endpoint's timetable; what a 429 or 503 asks for in `Retry-After` is the least that the
/// next attempt, and everything else for this endpoint, waits, up to an hour.
enum EndpointRule {
    enum Decision: Sendable, Hashable {
        case delivered
        /// Try again; `notBeforeMilliseconds` beside the timetable's own delay, `holdMilliseconds` for the whole lane.
        case retry(reason: String, notBeforeMilliseconds: Int64, holdMilliseconds: Int64)
        /// No further attempt can help.
        case final(reason: String)
        /// The endpoint says that it is no more.
        case gone(reason: String)
    }

    static func decide(_ result: DeliveryResult) -> Decision {
        switch result {
        case .response(let status, let retryAfterMilliseconds, let location):
            switch status {
            case 200...299: return .delivered
            case 300...399:
                let place = location.map { " to \(DeliveryRule.shown($0))" } ?? ""
                return .final(reason: "HTTP \(status): redirects are not followed\(place)")
            case 410: return .gone(reason: "HTTP 410: the endpoint is gone")
            case 429, 503:
                let asked = min(max(0, retryAfterMilliseconds ?? 0), DeliveryRule.maximumRetryAfterMilliseconds)
                return .retry(reason: "HTTP \(status)", notBeforeMilliseconds: asked, holdMilliseconds: asked)
            default: return .retry(reason: "HTTP \(status)", notBeforeMilliseconds: 0, holdMilliseconds: 0)
            }
        case .failure(let failure, let detail):
            let reason = detail.isEmpty ? failure.rawValue : "\(failure.rawValue): \(DeliveryRule.shown(detail))"
            guard failure.isRetriable else { return .final(reason: reason) }
            return .retry(reason: reason, notBeforeMilliseconds: 0, holdMilliseconds: 0)
        }
    }
}
