/// Anything that went wrong between a caller and the server. Its text never holds a password or a command's arguments.
public struct RedisError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; new kinds may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String

        private init(_ name: String) { self.name = name }

        /// The configuration cannot work: a malformed URL, a database that does not exist.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// A call was given values that it does not accept; nothing was sent.
        public static let invalidArgument = Code("invalidArgument")
        /// There is no connection, and nothing of this call was sent.
        public static let connectFailed = Code("connectFailed")
        /// The server refused the user or the password; nothing of this call was sent.
        public static let authenticationFailed = Code("authenticationFailed")
        /// The connection died after the call may have been sent: it may have been carried out or not.
        public static let connectionLost = Code("connectionLost")
        /// The server did not answer in time; the call may yet be carried out.
        public static let timedOut = Code("timedOut")
        /// The calling task was cancelled; the call may have been carried out.
        public static let cancelled = Code("cancelled")
        /// The client was shut down.
        public static let closed = Code("closed")
        /// Too much is waiting for the connection already; nothing of this call was sent.
        public static let overloaded = Code("overloaded")
        /// The server answered with an error: see ``RedisError/serverFailure``.
        public static let server = Code("server")
        /// The answer was not what the protocol, or this client's limits, allow.
        public static let protocolViolation = Code("protocolViolation")

        public var description: String { name }
    }

    /// What kind of failure it is.
    public let code: Code

    /// What happened, for people.
    public let message: String

    /// The ``RedisServerFailure`` or ``RedisSystemFailure`` behind it, if there is one.
    public let underlying: (any Error)?

    /// While reconnecting pauses: how long until the next attempt, in milliseconds.
    public let retryAfterMilliseconds: Int64?

    init(
        _ code: Code,
        _ message: String,
        underlying: (any Error)? = nil,
        retryAfterMilliseconds: Int64? = nil
    ) {
        self.code = code
        self.message = message
        self.underlying = underlying
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    init(_ failure: RedisServerFailure) {
        self.init(.server, failure.description, underlying: failure)
    }

    /// The server's own error, for ``Code/server`` and for connections that the server refused.
    public var serverFailure: RedisServerFailure? { underlying as? RedisServerFailure }

    /// Whether the same call may succeed later without anybody's help. After ``Code/connectionLost`` and
    /// ``Code/timedOut`` a repeat may carry the command out twice.
    public var isRetriable: Bool {
        switch code {
        case .connectFailed, .connectionLost, .timedOut, .overloaded: true
        case .server: serverFailure?.isRetriable ?? false
        default: false
        }
    }

    public var description: String { "Redis \(code): \(message)" }

    static let cancelled = RedisError(.cancelled, "the call was cancelled; it may have been carried out")
    static let closed = RedisError(.closed, "the client was shut down")
}

/// An error of the operating system.
public struct RedisSystemFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The value of `errno`.
    public let number: Int32

    /// The system's text for it.
    public let message: String

    public var description: String { "\(message) (errno \(number))" }
}
