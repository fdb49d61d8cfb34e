/// Whether the length of the queue matters to who works on it.
struct BacklogBenchmark: Benchmark {
    let name = "backlog"
    let summary = "drain jobs that do nothing while 1k, 100k and 1M of them wait all the time"

    enum Group {
        static let drain = "drain while as many come in"
        static let workerTime = "processor time, worker"
        static let redisTime = "processor time, Redis, the new jobs included"
        static let waiting = "fewest waiting meanwhile"
    }

    func run(_ options: BenchOptions) async throws -> Report {
        var report = try await Report(benchmark: name, options)
        report.conditions["jobs"] = FigureText.make(Double(options.jobCount))
        report.conditions["runs"] = "\(options.runCount(atMost: 3))"
        let lengths = [1_000, options.million / 10, options.million]
        let runs = lengths.map { BacklogRun(options: options, waitingCount: $0).contender }
        try await Contest(ours: runs, peers: [], runCount: options.runCount(atMost: 3)).run(into: &report)
        let medians = runs.compactMap { report.median(Group.drain, $0.name) }
        if let least = medians.min(), let most = medians.max(), most > 0 {
            report.bars.append(Bar("the slowest of the three beside the fastest", least / most, .atLeast(0.85), ""))
        }
        return report
    }
}
