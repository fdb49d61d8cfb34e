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
        var report = Report(
            benchmark: name,
            conditions: [
                "jobs": FigureText.make(Double(options.jobCount)),
                "argument bytes": "\(Self.argumentBytes)",
                "runs": "\(options.runCount)",
                "append-only file": "everysec",
                "Redis": try await BenchRedis.with(options) { try await $0.version() },
            ])
        let ours = options.concurrencies.map { NoopRun(options: options, concurrency: $0).contender }
        let peers = options.measuresPeers ? SidekiqPeer.contenders(options) + BareRedis.contenders(options) : []
        let contest = Contest(
            ours: ours + [NoopEnqueue(options: options).contender], peers: peers, runCount: options.runCount)
        try await contest.run(into: &report)
        return report
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
