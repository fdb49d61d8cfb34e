public import Queue

/// Why a call of Twenty did not do what it was to do.
///
/// Twenty answers 400 for a limit, for a duplicate and for most failures of its own, so an answer is classified by its
/// status and by its message.
public struct TwentyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason. Extensible: more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's stable name.
        public let description: String

        /// 401 or 403: the key is not good.
        public static let authError = Code(description: "AUTH_ERROR")
        /// As many calls as the workspace may make have been made; or our own limiter says wait.
        public static let rateLimit = Code(description: "RATE_LIMIT")
        /// No whole answer in time, or 408.
        public static let timeout = Code(description: "TIMEOUT")
        /// No connection, or one that broke.
        public static let networkError = Code(description: "NETWORK_ERROR")
        /// There is no such record.
        public static let notFound = Code(description: "NOT_FOUND")
        /// 5xx, a 400 that is no fault of the request as far as its message tells, or an answer that is none of Twenty's.
        public static let serverError = Code(description: "SERVER_ERROR")
        /// The request is wrong: another 4xx, or a value that we refuse to send.
        public static let validationError = Code(description: "VALIDATION_ERROR")
        /// What may work later did not, as often as it was tried; or cannot be done at all by how this is set up.
        public static let operationFailed = Code(description: "OPERATION_FAILED")
        /// Another record has what must be unique: a 400 here, 409 by other servers.
        public static let duplicate = Code(description: "DUPLICATE")
        /// Several records match what is to be upserted.
        public static let ambiguous = Code(description: "AMBIGUOUS")
        /// This process was stopped, or could not ask its own database: Twenty has not had its say.
        public static let interrupted = Code(description: "INTERRUPTED")
    }

    /// The reason.
    public let code: Code
    /// For people; without secrets.
    public let message: String
    /// The status, if there was one.
    public let status: Int?
    /// How long to wait before the next call, in ms.
    public let retryAfterMilliseconds: Int64?

    init(_ code: Code, _ message: String, status: Int? = nil, retryAfterMilliseconds: Int64? = nil) {
        (self.code, self.message, self.status) = (code, message, status)
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    /// Whether the same call may work later without anybody changing anything.
    public var isRetriable: Bool {
        [.rateLimit, .timeout, .networkError, .serverError, .interrupted].contains(code)
    }

    /// Whether waiting for it spends no attempt of a job.
    public var isFree: Bool { code == .rateLimit || code == .interrupted }

    /// Code and message.
    public var description: String { "\(code): \(message)" }

    /// What becomes of a job whose call this was: a limit and a fault of ours spend no attempt; what may work later
    /// spends one; the rest is buried.
    public var outcome: JobOutcome {
        switch code {
        case .interrupted: .defer(milliseconds: Self.ownPauseMilliseconds, reason: description)
        case .rateLimit:
            .defer(milliseconds: retryAfterMilliseconds ?? Self.limitPauseMilliseconds, reason: description)
        default:
            isRetriable
                ? .retry(reason: description, notBeforeMilliseconds: retryAfterMilliseconds ?? 0)
                : .bury(reason: description)
        }
    }

    /// How long everybody waits after a limit that names no time, in ms.
    static let limitPauseMilliseconds: Int64 = 60_000
    /// The longest that is waited at once whatever Twenty says, in ms.
    static let longestPauseMilliseconds: Int64 = 3_600_000
    private static let ownPauseMilliseconds: Int64 = 1_000
}

extension TwentyError {
    /// What there is when there is no whole answer.
    init(_ error: ServiceError) {
        let code: Code =
            switch error.code {
            case .unauthorized: .authError
            case .notFound: .notFound
            case .limited: .rateLimit
            case .timedOut: .timeout
            case .unreachable: .networkError
            case .failed, .unreadable: .serverError
            case .ours: .interrupted
            default: .validationError
            }
        self.init(
            code, error.message, status: error.status, retryAfterMilliseconds: error.retryAfterMilliseconds)
    }

    /// What an answer says that is no success.
    init(_ reply: ServiceReply) {
        let said = TwentyRefusal(reply.body)
        let code = Self.code(status: reply.status, said)
        var wait: Int64?
        if code == .rateLimit {
            let hint = reply.retryAfterMilliseconds ?? said.retryAfterMilliseconds ?? Self.limitPauseMilliseconds
            wait = min(max(hint, 1_000), Self.longestPauseMilliseconds)
            // A quota is not a matter of seconds, whatever the header says.
            if said.isQuota { wait = max(wait ?? 0, Self.quotaPauseMilliseconds) }
        }
        self.init(code, reply.summary, status: reply.status, retryAfterMilliseconds: wait)
    }

    private static let quotaPauseMilliseconds: Int64 = 900_000

    private static func code(status: Int, _ said: TwentyRefusal) -> Code {
        if status == 429 || said.isLimit || said.isQuota { return .rateLimit }
        switch status {
        case 401, 403: return .authError
        case 404: return .notFound
        case 408: return .timeout
        case 409: return .duplicate
        case 425: return .rateLimit
        case 500...: return .serverError
        case 400:
            if said.isAmbiguous { return .ambiguous }
            if said.isDuplicate { return .duplicate }
            if said.isNotFound { return .notFound }
            return said.isValidation ? .validationError : .serverError
        default: return .validationError
        }
    }
}
