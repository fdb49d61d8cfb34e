/// Whether one busy lane makes the others wait.
struct FairnessBenchmark: Benchmark {
    let name = "fairness"
    let summary = "999 lanes with short jobs, alone and beside one lane with a million jobs of a second each"

    enum Group {
        static let wait = "enqueue to start, 999 lanes"
        static let busy = "jobs of the busy lane started"
    }

    static let laneCount = 999
    /// Short jobs a second, over all their lanes.
    static let rate = 500

    func run(_ options: BenchOptions) async throws -> Report {
        var report = try await Report(benchmark: name, options)
        report.conditions["busy lane"] = "\(FigureText.make(Double(options.million))) jobs"
        report.conditions["pace"] = "\(Self.rate) jobs/s"
        let alone = FairnessRun(options: options, busyCount: 0).contender
        let beside = FairnessRun(options: options, busyCount: options.million).contender
        try await Contest(ours: [alone, beside], peers: [], runCount: options.runCount).run(into: &report)
        let group = "\(Group.wait), p99"
        if let own = report.median(group, alone.name), let other = report.median(group, beside.name), own > 0 {
            report.bars.append(Bar("p99 beside the busy lane to p99 alone", other / own, .atMost(1.1), "times"))
        }
        return report
    }
}
