/// What one attempt came to, as the HTTP client saw it.
public enum DeliveryResult: Sendable, Hashable {
    /// A whole response head arrived. `retryAfterMilliseconds`: from `Retry-After`, see `RetryAfter`.
    case response(status: Int, retryAfterMilliseconds: Int64? = nil, location: String? = nil)
    /// No usable response. `detail`: one line without secrets.
    case failure(TransportFailure, detail: String)
}

extension DeliveryResult {
    /// In a word, for programs.
    var code: String {
        switch self {
        case .response: "status"
        case .failure(let failure, _): failure.rawValue
        }
    }

    /// In a few words, for logs and traces.
    var text: String {
        switch self {
        case .response(let status, _, _): "HTTP \(status)"
        case .failure(let failure, _): failure.rawValue
        }
    }
}

/// Why no response came.
public enum TransportFailure: String, Sendable, Hashable, CaseIterable {
    /// The connection was refused or could not be made.
    case connection
    /// The name could not be resolved.
    case dns
    /// The TLS handshake or the certificate failed.
    case tls
    /// A time limit passed.
    case timeout
    /// The connection broke in the middle.
    case reset
    /// What came is not HTTP.
    case garbage
    /// The guard refuses the address: private, and not allowed. Trying again does not help.
    case addressRefused = "address_refused"
    /// The request could not be made from the settings. Trying again does not help.
    case invalidRequest = "invalid_request"

    /// Whether another attempt may do better.
    public var isRetriable: Bool { self != .addressRefused && self != .invalidRequest }
}

/// What to do after an attempt.
public enum DeliveryDecision: Sendable, Hashable {
    /// The target has it.
    case delivered
    /// Try again, not before this many milliseconds. `reason`: one line.
    case retry(afterMilliseconds: Int64, reason: String)
    /// Give up: bury the job with this reason.
    case final(reason: String)
}

/// The retry rule of the CRM pushes: m attempts in all, n milliseconds apart.
///
/// Retried: 5xx, 408, 425, 429, statuses that HTTP does not define as final ones, and failures of the connection. Any
/// other 4xx and any 3xx is final at the first attempt. `Retry-After` of a 429 or 503 only ever adds to the pause, up
/// to an hour. Pure: no clock, no randomness.
public struct DeliveryRule: Sendable, Hashable {
    /// The longest pause that a target can ask for: one hour.
    public static let maximumRetryAfterMilliseconds: Int64 = 3_600_000

    /// Attempts in all, at least 1.
    public let attempts: Int
    /// Milliseconds between two attempts, at least 0.
    public let delayMilliseconds: Int64

    /// m attempts, n milliseconds apart; smaller values than allowed are raised.
    public init(attempts: Int = 3, delayMilliseconds: Int64 = 5_000) {
        self.attempts = max(1, attempts)
        self.delayMilliseconds = max(0, delayMilliseconds)
    }

    /// Decides. `attempt`: which one this was, from 1.
    public func decide(_ result: DeliveryResult, attempt: Int) -> DeliveryDecision {
        switch result {
        case .response(let status, let retryAfterMilliseconds, let location):
            switch status {
            case 200...299: return .delivered
            case 300...399:
                let place = location.map { " to \(Self.shown($0))" } ?? ""
                return .final(reason: "HTTP \(status): redirects are not followed\(place)")
            case 429, 503: return again("HTTP \(status)", attempt, retryAfterMilliseconds ?? 0)
            case 408, 425, 500...599: return again("HTTP \(status)", attempt)
            case 400...499: return .final(reason: "HTTP \(status): the target refuses it")
            default: return again("the target answered with status \(status), which is no final status", attempt)
            }
        case .failure(let failure, let detail):
            let reason = detail.isEmpty ? failure.rawValue : "\(failure.rawValue): \(Self.shown(detail))"
            return failure.isRetriable ? again(reason, attempt) : .final(reason: reason)
        }
    }

    private func again(_ reason: String, _ attempt: Int, _ askedMilliseconds: Int64 = 0) -> DeliveryDecision {
        guard attempt < attempts else { return .final(reason: "\(reason) at attempt \(attempt) of \(attempts)") }
        let asked = min(max(0, askedMilliseconds), Self.maximumRetryAfterMilliseconds)
        let reason = "\(reason) at attempt \(attempt) of \(attempts)"
        return .retry(afterMilliseconds: max(delayMilliseconds, asked), reason: reason)
    }

    /// Text from outside, made fit for one line of a log.
    static func shown(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(200) {
            line.unicodeScalars.append(scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value ? "\u{fffd}" : scalar)
        }
        return line
    }
}
