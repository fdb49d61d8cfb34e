/// One thing that a program needs to be ready: that Redis answers, that the schema is there.
public struct HealthCheck: Sendable {
    /// Shown as the key in `checks`.
    public let name: String
    /// The check fails when it has not answered by then.
    public let limitMilliseconds: Int
    /// Returns when all is well; throws otherwise. The error's text is shown to anyone who asks, on one line.
    public let perform: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - name: unique among the checks of a program.
    ///   - limitMilliseconds: 1...60,000.
    ///   - perform: should stop when its task is cancelled.
    public init(
        name: String,
        limitMilliseconds: Int = 1_000,
        perform: @escaping @Sendable () async throws -> Void,
    ) {
        self.name = name
        self.limitMilliseconds = limitMilliseconds
        self.perform = perform
    }
}

/// What one check found.
public struct HealthResult: Sendable, Equatable {
    /// The name of the check.
    public let name: String
    /// Why the check failed, or nil when all is well.
    public let failure: String?
}
