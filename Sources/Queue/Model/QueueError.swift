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
        /// The server is not set up to give the durability that was asked for; nothing was enqueued.
        public static let durabilityRefused = Code(description: "durability refused")
        /// The jobs are in Redis, but not proven to be on disk.
        public static let durabilityUnproven = Code(description: "durability unproven")
        /// As many jobs wait in the queue as may; later there is room again.
        public static let queueFull = Code(description: "queue full")
        /// The job cannot be enqueued as it is: its arguments cannot be encoded, or its lane or key is no token.
        public static let invalidJob = Code(description: "invalid job")
        /// The address of Redis cannot be read.
        public static let invalidAddress = Code(description: "invalid address")
    }

    public let code: Code
    public let message: String
    public let underlying: RedisError?

    public init(_ code: Code, _ message: String, underlying: RedisError? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    init(_ error: RedisError) {
        let isRefusal = error.code == .server && !error.isRetriable
        self.init(isRefusal ? .unexpectedReply : .unavailable, error.message, underlying: error)
    }

    init(_ failure: RedisServerFailure) {
        self.init(failure.isRetriable ? .unavailable : .unexpectedReply, failure.description)
    }

    /// Whether the same call may succeed later.
    public var isRetriable: Bool { code == .unavailable || code == .queueFull || code == .durabilityUnproven }

    /// Whether the caller's own task was cancelled, so that nobody waits for an answer.
    public var isCancelled: Bool { underlying?.code == .cancelled }

    public var description: String { "\(code): \(message)" }
}
