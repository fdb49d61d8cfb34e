public import Postgres

/// Why a store of this module failed.
public struct JobsError: Error, Sendable, CustomStringConvertible {
    /// The reason. Extensible: more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's stable name.
        public let description: String

        /// Postgres failed; `underlying` says how.
        public static let storage = Code(description: "storage")
        /// A migration that was applied has changed since, or one is missing.
        public static let migrationChanged = Code(description: "migration_changed")
        /// What Postgres holds is not what it should be.
        public static let unexpectedData = Code(description: "unexpected_data")
        /// The Hub's views cannot be read now, whatever its people do to them; `underlying` says how.
        public static let hubUnreadable = Code(description: "hub_unreadable")
    }

    /// The reason.
    public let code: Code
    /// One sentence for people. Holds no values.
    public let message: String
    /// The wrapped failure.
    public let underlying: PostgresError?

    /// Whether the same call may work later.
    public var isRetriable: Bool { code == .hubUnreadable || underlying?.isRetriable ?? false }
    /// Code, message and cause.
    public var description: String {
        "\(code): \(message)" + (underlying.map { " (\($0))" } ?? "")
    }

    init(_ code: Code, _ message: String, underlying: PostgresError? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    /// Anything a store caught, as this module's error.
    static func wrap(_ error: any Error, _ message: String) -> JobsError {
        if let error = error as? JobsError { return error }
        if let error = error as? PostgresError { return JobsError(.storage, message, underlying: error) }
        return JobsError(.unexpectedData, "\(message): \(error)")
    }
}
