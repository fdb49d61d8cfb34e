public import Queue

/// Why a call of a service did not do what it was to do.
public struct ServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason. Extensible: more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's stable name.
        public let description: String

        /// 401 or 403: the token is not good.
        public static let unauthorized = Code(description: "unauthorized")
        /// 404.
        public static let notFound = Code(description: "not_found")
        /// 425 or 429: later.
        public static let limited = Code(description: "limited")
        /// 408, or no whole answer in time.
        public static let timedOut = Code(description: "timed_out")
        /// Another 4xx, or a redirect, which is never followed.
        public static let refused = Code(description: "refused")
        /// 5xx.
        public static let failed = Code(description: "failed")
        /// No connection, or one that broke.
        public static let unreachable = Code(description: "unreachable")
        /// The guard does not let calls go there.
        public static let addressRefused = Code(description: "address_refused")
        /// An answer that is not what it should be.
        public static let unreadable = Code(description: "unreadable")
        /// This process was stopped, or could not send: the service has not had its say.
        public static let ours = Code(description: "ours")

        /// By the status of an answer that is no success.
        static func of(status: Int) -> Code {
            switch status {
            case 401, 403: .unauthorized
            case 404: .notFound
            case 408: .timedOut
            case 425, 429: .limited
            case 500...: .failed
            default: .refused
            }
        }
    }

    /// The reason.
    public let code: Code
    /// Whose call it was.
    public let service: String
    /// For people; without secrets.
    public let message: String
    /// The status, if there was one.
    public let status: Int?
    /// What the service asked to wait, in ms.
    public let retryAfterMilliseconds: Int64?

    init(
        _ code: Code, service: String, _ message: String, status: Int? = nil, retryAfterMilliseconds: Int64? = nil
    ) {
        (self.code, self.service, self.message, self.status) = (code, service, message, status)
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    /// Whether the same call may work later without anybody changing anything. An answer that cannot be read may be a
    /// proxy's, so it is.
    public var isRetriable: Bool {
        switch code {
        case .limited, .timedOut, .failed, .unreachable, .unreadable, .ours: true
        default: false
        }
    }

    /// The service, the reason and the message.
    public var description: String { "\(service) \(code): \(message)" }

    /// What becomes of a job whose one call this was: a limit and a fault of ours spend no attempt; what may work later
    /// spends one; the rest is buried.
    public var outcome: JobOutcome {
        let wait = retryAfterMilliseconds.map { min(max($0, 0), Self.longestWaitMilliseconds) }
        return switch code {
        case .ours: .defer(milliseconds: Self.ownPauseMilliseconds, reason: description)
        case .limited: .defer(milliseconds: wait ?? Self.limitPauseMilliseconds, reason: description)
        default:
            isRetriable ? .retry(reason: description, notBeforeMilliseconds: wait ?? 0) : .bury(reason: description)
        }
    }

    private static let ownPauseMilliseconds: Int64 = 1_000
    private static let limitPauseMilliseconds: Int64 = 10_000
    /// As for deliveries.
    private static let longestWaitMilliseconds: Int64 = 3_600_000
}
