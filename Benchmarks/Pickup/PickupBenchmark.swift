/// How long a job waits for a worker that has nothing to do, and what such a worker costs Redis.
struct PickupBenchmark: Benchmark {
    let name = "pickup"
    let summary = "enqueue single jobs at a fixed pace and see how soon an idle worker starts them"

    /// Jobs a second, whatever became of the ones before.
    static let rate = 200
    static let wait = "enqueue to start"
    static let commands = "commands of an idle worker"

    func run(_ options: BenchOptions) async throws -> Report {
        let catalogue = PeerCatalogue(options)
        var report = try await Report(benchmark: name, options, absentPeers: catalogue.absent)
        report.conditions["pace"] = "\(Self.rate) jobs/s"
        let jobCount = Int(options.seconds(6) * Double(Self.rate))
        report.conditions["jobs"] = "\(jobCount), peers \(jobCount / 2)"
        let ours = PickupRun(options: options, jobCount: jobCount)
        let peers = catalogue.installed.map { PickupPeer(peer: $0, options: options, jobCount: jobCount / 2) }
        let contest = Contest(
            ours: [ours.contender, IdleRun(options: options).contender],
            peers: (options.measuresPeers ? [BarePickup(options: options, jobCount: jobCount).contender] : [])
                + peers.map(\.contender) + peers.map(\.idleContender),
            runCount: options.runCount)
        try await contest.run(into: &report)
        let bars = [("p50", "\(Self.wait), p50", 1.0), ("p99", "\(Self.wait), p99", 5.0)]
        for (label, group, limit) in bars {
            guard let median = report.median(group, ours.contender.name) else { continue }
            report.bars.append(Bar("\(Self.wait), \(label)", median, .atMost(limit), "ms"))
        }
        if let median = report.median(Self.commands, ours.contender.name) {
            report.bars.append(Bar(Self.commands, median, .atMost(1), "commands/s"))
        }
        return report
    }
}
