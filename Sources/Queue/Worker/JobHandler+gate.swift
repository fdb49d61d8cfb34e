extension JobHandler {
    /// The same handler behind a gate: it runs what the gate answers nil for; of every other job the gate's answer is the
    /// outcome.
    ///
    /// - Parameter gate: asked at each run, so it is quick. What it throws counts as if the handler had thrown it.
    public func behind(
        _ gate: @escaping @Sendable (RunningJob) async throws -> JobOutcome?
    ) -> JobHandler {
        let run = run
        return JobHandler(
            kind: kind, queue: queue, leavesTrace: leavesTrace, timeLimitMilliseconds: timeLimitMilliseconds,
            newestVersion: newestVersion
        ) { job in
            if let outcome = try await gate(job) { return outcome }
            return try await run(job)
        }
    }
}
