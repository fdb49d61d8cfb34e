/// Why a Postgres call failed. Never holds a password, a parameter's value or the server's DETAIL line.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as far as a program cares. May grow: switch with a default.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case invalidConfiguration, connectFailed, connectionLost, timedOut, overloaded, cancelled, closed, server
            case unexpectedResult, misuse
        }

        private let value: Value

        /// The connection string is not one that libpq reads.
        public static let invalidConfiguration = Code(value: .invalidConfiguration)
        /// No connection could be made; ``PostgresError/sqlState`` is set when the server gave the reason.
        public static let connectFailed = Code(value: .connectFailed)
        /// The connection broke; see ``PostgresError/isOutcomeUnknown``.
        public static let connectionLost = Code(value: .connectionLost)
        /// A statement, or the wait for a connection, took longer than it may.
        public static let timedOut = Code(value: .timedOut)
        /// Too many callers already wait for a connection.
        public static let overloaded = Code(value: .overloaded)
        /// The calling task was cancelled.
        public static let cancelled = Code(value: .cancelled)
        /// The pool is shut down, or the transaction has ended.
        public static let closed = Code(value: .closed)
        /// The server refused the statement or a value; ``PostgresError/sqlState`` says why.
        public static let server = Code(value: .server)
        /// The result has no such column, or the cell is NULL, of another type or out of range.
        public static let unexpectedResult = Code(value: .unexpectedResult)
        /// The call breaks a rule of this module, such as a transaction within a transaction.
        public static let misuse = Code(value: .misuse)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What went wrong.
    public let code: Code
    /// What went wrong, in one line for a log.
    public let message: String
    /// The five characters of the server's SQLSTATE, when the server gave one.
    public let sqlState: String?
    /// The constraint that was violated, when the server named one.
    public let constraint: String?
    /// Whether the server may have carried out what was asked although this error came back.
    public let isOutcomeUnknown: Bool
    /// Whether the server said that a prepared statement is gone or its plan out of date: cured by preparing it again.
    let isStaleStatement: Bool

    init(
        _ code: Code,
        _ message: String,
        sqlState: String? = nil,
        constraint: String? = nil,
        isOutcomeUnknown: Bool = false,
        isStaleStatement: Bool = false,
    ) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
        self.isOutcomeUnknown = isOutcomeUnknown
        self.isStaleStatement = isStaleStatement
    }

    /// Whether the same call may succeed later without a change on this side. A statement with
    /// ``isOutcomeUnknown`` should be repeated only if doing it twice is harmless.
    public var isRetriable: Bool {
        if code == .connectionLost || code == .overloaded || isStaleStatement { return true }
        if code == .timedOut { return sqlState == nil }
        if code == .connectFailed { return !Self.hopelessClasses.contains(String((sqlState ?? "").prefix(2))) }
        guard code == .server, let sqlState else { return false }
        return Self.retriableStates.contains(sqlState) || Self.retriableClasses.contains(String(sqlState.prefix(2)))
    }

    /// One line with code, SQLSTATE, message and constraint.
    public var description: String {
        let state = sqlState.map { " \($0)" } ?? ""
        let name = constraint.map { " [constraint \($0)]" } ?? ""
        return "Postgres \(code)\(state): \(message)\(name)"
    }

    /// Wrong credentials and missing databases: connecting again cannot help.
    private static let hopelessClasses: Set<String> = ["28", "3D"]
    /// Connection exceptions and insufficient resources.
    private static let retriableClasses: Set<String> = ["08", "53"]
    /// Serialization failure, deadlock, lock not available, and the server going down or coming up.
    private static let retriableStates: Set<String> = ["40001", "40P01", "55P03", "57P01", "57P02", "57P03"]
}
