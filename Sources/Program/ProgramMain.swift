/// The outermost frame of every program: turns what `body` throws into a line on standard error and an exit code.
public enum ProgramMain {
    /// Runs `body` off the main thread and ends the process with its outcome.
    ///
    /// | `body` | ends with |
    /// |---|---|
    /// | returns | 0 |
    /// | throws a `ProgramError` | its code, after its one line on standard error |
    /// | throws anything else | 70, after one line that shows the error |
    ///
    /// It also ignores SIGPIPE and raises the limit of open files, before `body` begins.
    public static func run(_ body: @escaping @Sendable () async throws -> Void) async -> Never {
        ProcessControl.ignoreBrokenPipes()
        ProcessControl.raiseOpenFileLimit()
        let (code, line) = await outcome(of: body)
        if let line {
            DescriptorWriter.standardError.write(line: Array((line + "\n").utf8))
        }
        ProcessControl.end(code: code.rawValue)
    }

    /// What `run` would do. Concurrent, since work that starts on the main actor pays a hop for every call later.
    @concurrent package static func outcome(
        of body: @escaping @Sendable () async throws -> Void,
    ) async -> (code: ExitCode, line: String?) {
        do {
            try await body()
            return (.success, nil)
        } catch let error as ProgramError {
            return (error.exitCode, error.message)
        } catch {
            return (.internal, OneLine.escape("unexpected error: \(error)", maximumCharacters: 1_000))
        }
    }
}
