import Command

/// The callers, in a process of their own: the same for whatever is measured.
struct AcceptLoad: Sendable {
    let options: BenchOptions
    let port: UInt16
    let token: String

    /// How long answers count, after a second in which they do not.
    static let seconds = 6.0
    static let warmUpSeconds = 1.0
    static let path = "/v1/events"
    /// An engagement as a Hub posts it; it becomes one job with one target.
    static let body = """
        {"type":"engagement.updated","occurred_at":"2026-11-21T09:15:00.000Z","domain_name":"bench.example",\
        "call_sid":"CA0123456789abcdef0123456789abcdef","engagement_id":"eng-0123456789abcdef",\
        "workspace_id":"7b1d9c52-4e0a-4d43-9f0e-2f6c1a5d8e31","person_id":"c3a9f4de-5b1f-4a6e-8f27-90d6b7e14a02",\
        "data":{"channel":"voice","type":"inbound_call","direction":"inbound","status":"completed",\
        "contact_identifier":"+14165550142","outcome":"booked","summary":"Asked for a cleaning on Tuesday; booked."}}
        """

    /// Loads the server and says what was seen.
    func measure(_ server: RunningProgram) async throws -> (readings: [Reading], result: LoadResult) {
        let output = "\(options.directory)/load"
        let seconds = options.seconds(Self.seconds)
        let before = try server.processorSeconds()
        try await ProgramRun(
            try ProgramRun.ownPath(),
            [
                LoadCommand.name, "--port", "\(port)", "--path", Self.path, "--connections",
                "\(AcceptBenchmark.connections)", "--warm-up", "\(Self.warmUpSeconds)", "--seconds", "\(seconds)",
                "--output", output,
            ],
            environment: [LoadCommand.bodyVariable: Self.body, LoadCommand.tokenVariable: token],
            limit: .seconds(60), log: "\(output).log"
        ).run()
        let serverSeconds = try server.processorSeconds() - before
        let result = try LoadResult(taking: output)
        guard result.failureCount == 0 else {
            throw BenchError("\(result.failureCount) of \(result.answerCount) answers were not 202")
        }
        let rate = Reading(
            group: AcceptBenchmark.Group.rate, unit: "events/s", value: Double(result.waitNanoseconds.count) / seconds)
        let waits = Percentiles(nanoseconds: result.waitNanoseconds).readings(AcceptBenchmark.Group.wait)
        let times: [Reading] = [
            .processorTime(AcceptBenchmark.Group.serverTime, result.answerCount, serverSeconds),
            .processorTime(AcceptBenchmark.Group.loadTime, result.answerCount, result.processorSeconds),
        ]
        return ([rate] + waits + times, result)
    }
}
