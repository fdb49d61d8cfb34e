/// Why a stored secret cannot be sealed or opened.
public struct SecretsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason. Extensible: more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's stable name.
        public let description: String

        /// `SECRETS_KEY` is not set.
        public static let noKey = Code(description: "no_key")
        /// `SECRETS_KEY` does not hold the key that it was sealed with.
        public static let unknownKey = Code(description: "unknown_key")
        /// It was changed, or sealed for something else, or is no sealed secret.
        public static let damaged = Code(description: "damaged")
    }

    /// The reason.
    public let code: Code
    /// One line without secrets.
    public let message: String
    /// Whether it may work once somebody has set the variable right.
    public var isRetriable: Bool { code != .damaged }
    /// Code and message.
    public var description: String { "\(code): \(message)" }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
