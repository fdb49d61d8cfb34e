/// Why a delivery could not be signed.
public struct SigningError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason. Extensible: more may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's stable name.
        public let description: String

        /// The scheme needs a secret and there is none.
        public static let missingSecret = Code(description: "missing_secret")
        /// The secret is not one that the scheme can use.
        public static let unusableSecret = Code(description: "unusable_secret")
        /// The message's id cannot be signed: it is empty, or holds a dot or something that no header may hold.
        public static let badIdentifier = Code(description: "bad_identifier")
    }

    /// The reason.
    public let code: Code
    /// One line without secrets.
    public let message: String
    /// Always false: the same message with the same secrets fails again.
    public var isRetriable: Bool { false }
    /// Code and message.
    public var description: String { "\(code): \(message)" }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
