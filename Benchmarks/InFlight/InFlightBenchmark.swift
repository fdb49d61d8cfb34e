/// Many requests under way to slow targets: what they cost, and what becomes of them when the worker is stopped.
struct InFlightBenchmark: Benchmark {
    let name = "in-flight"
    let summary =
        "10,000 requests under way to targets that do not answer, a stop in the midst of it, and all delivered later"

    enum Group {
        static let memory = "worker's memory in RAM"
        static let each = "of it for each request"
        static let start = "until all are under way"
        static let stop = "from SIGTERM to the end"
        static let spent = "attempts spent by the stop"
        static let rest = "until all are delivered by the next worker"
    }

    static let requestCount = 10_000
    static let graceSeconds = 10

    func run(_ options: BenchOptions) async throws -> Report {
        var report = try await Report(benchmark: name, options)
        let runCount = options.runCount(atMost: 3)
        let requestCount = options.isQuick ? Self.requestCount / 10 : Self.requestCount
        report.conditions["runs"] = "\(runCount)"
        report.conditions["requests under way"] = FigureText.make(Double(requestCount))
        report.conditions["grace"] = "\(Self.graceSeconds) s"
        return try await BenchPostgres.with(options) { postgres in
            var filled = report
            let ours = InFlightRun(options: options, postgres: postgres, requestCount: requestCount).contender
            try await Contest(ours: [ours], peers: [], runCount: runCount).run(into: &filled)
            for (group, most, unit) in [
                (Group.memory, 400.0, "MB"), (Group.stop, Double(Self.graceSeconds) + 5, "s"), (Group.spent, 0, ""),
            ] {
                guard let median = filled.median(group, ours.name) else { continue }
                filled.bars.append(Bar(group, median, .atMost(most), unit))
            }
            return filled
        }
    }
}
