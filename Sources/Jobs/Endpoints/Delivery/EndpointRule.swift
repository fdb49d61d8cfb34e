/// What an attempt at an endpoint came to, and what follows from it. Pure.
///
/// 2xx is success. 410 means that the endpoint is gone: it is parked. 3xx is final and shows where it leads. Everything
/// else is tried again by the endpoint's timetable. A 429 or 503 that asks for time in `Retry-After` gets it, up to an hour:
/// everything for this endpoint waits, and no attempt is spent, as long as the delivery is younger than a day.
enum EndpointRule {
    enum Decision: Sendable, Hashable {
        case delivered
        /// Try again; the whole lane waits for so many ms, or the timetable's own delay if that is longer.
        case retry(reason: String, holdMilliseconds: Int64)
        /// Not now: the endpoint says when, in ms. No attempt is spent.
        case wait(reason: String, milliseconds: Int64)
        /// No further attempt can help.
        case final(reason: String)
        /// The endpoint says that it is no more.
        case gone(reason: String)
    }

    /// How long a delivery may be put off by what its endpoint asks for, in ms since it was asked for.
    static let longestPatienceMilliseconds: Int64 = 86_400_000

    /// - Parameter ageMilliseconds: since the delivery was asked for.
    static func decide(_ result: DeliveryResult, ageMilliseconds: Int64) -> Decision {
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
                guard asked > 0, ageMilliseconds < longestPatienceMilliseconds else {
                    return .retry(reason: "HTTP \(status)", holdMilliseconds: asked)
                }
                let text = "HTTP \(status): it asked to be left alone for \((asked + 999) / 1_000) s"
                return .wait(reason: text, milliseconds: asked)
            default: return .retry(reason: "HTTP \(status)", holdMilliseconds: 0)
            }
        case .failure(let failure, let detail):
            let reason = detail.isEmpty ? failure.rawValue : "\(failure.rawValue): \(DeliveryRule.shown(detail))"
            guard failure.isRetriable else { return .final(reason: reason) }
            return .retry(reason: reason, holdMilliseconds: 0)
        }
    }
}
