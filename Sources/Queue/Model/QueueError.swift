public import Redis

/// Why the engine could not do what was asked.
public struct QueueError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        public let description: String

        /// Redis cannot be reached or did not answer; whether the call took effect is unknown.
        public static let unavailable = Code(description: "unavailable")
        /// Redis refused, or answered what the script never answers.
        public static let unexpectedReply = Code(description: "unexpected reply")
        /// The caller passed a limit of ``Limits``.
        public static let limitExceeded = Code(description: "limit exceeded")
        /// As many jobs wait in the queue as may; later there is room again.
        public static let queueFull = Code(description: "queue full")
    }

    public let code: Code
    public let message: String
    public let underlying: RedisError?

    init(_ code: Code, _ message: String, underlying: RedisError? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    init(_ error: RedisError) {
        let isRefusal = error.code == .server && !error.isRetriable
        self.init(isRefusal ? .unexpectedReply : .unavailable, error.message, underlying: error)
    }

    /// Whether the same call may succeed later.
    public var isRetriable: Bool { code == .unavailable || code == .queueFull }

    public var description: String { "\(code): \(message)" }
}
