/// What a program tells the shell or the supervisor when it ends.
///
/// The values follow `sysexits.h`. A second termination signal ends a program with 128 + its number, which is not
/// listed here because no code of ours chooses it as an outcome.
public struct ExitCode: RawRepresentable, Hashable, Sendable {
    /// The number given to the system, 0...255.
    public let rawValue: Int32

    /// Any exit code.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Done, or drained cleanly.
    public static let success = ExitCode(rawValue: 0)
    /// The command did what it should, and what it found is not as it should be.
    public static let failure = ExitCode(rawValue: 1)
    /// The command line was wrong.
    public static let usage = ExitCode(rawValue: 64)
    /// A server that is needed is away, or an address is held by another process: trying again may help.
    public static let unavailable = ExitCode(rawValue: 69)
    /// A fault of ours.
    public static let `internal` = ExitCode(rawValue: 70)
    /// A variable or a file of settings is wrong: trying again does not help.
    public static let configuration = ExitCode(rawValue: 78)
}
