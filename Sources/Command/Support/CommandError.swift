/// What went wrong in a command, with the exit code that a script sees.
public struct CommandError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure; more may come, so switch with a default.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case configuration, conflict, serverAway, missingProgram, sample, system }

        private let kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// A variable, a flag or a folder has a value that cannot be used. Exit code 78.
        public static let configuration = Code(.configuration)
        /// Something else holds the port or the folder. Exit code 69.
        public static let conflict = Code(.conflict)
        /// A server did not start, or does not answer. Exit code 69.
        public static let serverAway = Code(.serverAway)
        /// A program that has to be run is not on this machine. Exit code 69.
        public static let missingProgram = Code(.missingProgram)
        /// The sample call was not delivered in full. Exit code 1.
        public static let sample = Code(.sample)
        /// A system call failed in a way that nobody planned for. Exit code 70.
        public static let system = Code(.system)

        /// The process's exit code for this kind of failure.
        public var exitCode: Int32 {
            switch kind {
            case .configuration: 78
            case .conflict, .serverAway, .missingProgram: 69
            case .sample: 1
            case .system: 70
            }
        }

        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One line for a person; never holds a secret.
    public let message: String
    /// What the layer below said.
    public let underlying: (any Error)?

    /// Makes an error; `message` must not hold a secret.
    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    /// Whether the same call may succeed later with nothing changed by a person.
    public var isRetriable: Bool { code == .serverAway || code == .conflict }

    public var description: String {
        guard let underlying else { return message }
        return "\(message): \(underlying)"
    }
}
