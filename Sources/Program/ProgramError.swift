/// The reason why a program ends, in one line for a person, with the code for the shell.
public struct ProgramError: Error, CustomStringConvertible {
    /// How the program ends.
    public let exitCode: ExitCode
    /// One line, without a secret. Control characters in it are shown escaped.
    public let message: String
    /// What was caught, for logs only; never shown on the line.
    public let underlying: (any Error)?

    /// - Parameters:
    ///   - exitCode: how the program ends.
    ///   - message: what happened and what would be right; line breaks are escaped so that it stays one line.
    ///   - underlying: the error that this one explains.
    public init(_ exitCode: ExitCode, _ message: String, underlying: (any Error)? = nil) {
        self.exitCode = exitCode
        self.message = OneLine.escape(message)
        self.underlying = underlying
    }

    /// Whether starting again unchanged may work.
    public var isRetriable: Bool { exitCode == .unavailable }

    /// The message.
    public var description: String { message }
}
