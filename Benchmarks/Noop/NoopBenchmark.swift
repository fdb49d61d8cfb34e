import Command

/// Jobs that do nothing: what is left is the engine, and Redis.
struct NoopBenchmark: Benchmark {
    let name = "noop"
    let summary = "enqueue and drain jobs that do nothing, by one worker process"

    /// Bytes of each job's arguments.
    static let argumentBytes = 200
    /// Of how many jobs one is enqueued alone, in a round trip of its own.
    static let aloneShare = 10

    enum Group {
        static let drain = "drain"
        static let enqueueMany = "enqueue, 1,000 a trip"
        static let enqueueAlone = "enqueue, 1 a trip"
        static let workerTime = "processor time of a drain, worker"
        static let redisTime = "processor time of a drain, Redis"
    }

    func run(_ options: BenchOptions) async throws -> Report {
        let catalogue = PeerCatalogue(options)
        var report = try await Report(benchmark: name, options, absentPeers: catalogue.absent)
        report.conditions["jobs"] = FigureText.make(Double(options.jobCount))
        report.conditions["argument bytes"] = "\(Self.argumentBytes)"
        let ours = options.concurrencies.map { NoopRun(options: options, concurrency: $0).contender }
        let peers = catalogue.installed.flatMap { NoopPeer(peer: $0, options: options).contenders }
        let contest = Contest(
            ours: ours + [NoopEnqueue(options: options).contender],
            peers: (options.measuresPeers ? BareRedis.contenders(options) : []) + peers, runCount: options.runCount)
        try await contest.run(into: &report)
        addBars(to: &report)
        return report
    }

    private func addBars(to report: inout Report) {
        let drains = report.rows.filter { $0.group == Group.drain }
        guard let ours = drains.first else { return }
        report.bars.append(Bar("one worker drains", ours.median, .atLeast(100_000), "jobs/s"))
        let sidekiq = drains.filter { $0.contender.hasPrefix("Sidekiq") }.map(\.median).max()
        if let sidekiq { report.bars.append(Bar("of Sidekiq's best", ours.median / sidekiq, .atLeast(8), "times")) }
    }
}

extension Reading {
    /// So many jobs in so much time.
    static func rate(_ group: String, _ jobCount: Int, _ seconds: Double) -> Reading {
        Reading(group: group, unit: "jobs/s", value: Double(jobCount) / seconds)
    }

    /// What a drain cost the processors.
    static func processorTime(_ group: String, _ jobCount: Int, _ seconds: Double) -> Reading {
        Reading(group: group, unit: "µs/job", value: seconds * 1e6 / Double(jobCount))
    }
}
