/// How late jobs with a time start, how the rest fares beside them, and what happens when very many come due at once.
struct DueLagBenchmark: Benchmark {
    let name = "due-lag"
    let summary = "start jobs when they come due, with a million more that come due later, and 100,000 due at once"

    enum Group {
        static let lag = "due to start"
        static let drain = "drain beside jobs due later"
        static let workerTime = "processor time beside jobs due later, worker"
        static let redisTime = "processor time beside jobs due later, Redis"
        static let promotion = "due at once: until all are ready"
        static let start = "due at once: until all have started"
        static let script = "due at once: the longest script"
        static let caller = "due at once: the longest wait of another caller"
    }

    /// Jobs that come due in each second that is observed.
    static let rate = 1_000

    func run(_ options: BenchOptions) async throws -> Report {
        let catalogue = PeerCatalogue(options)
        var report = try await Report(benchmark: name, options, absentPeers: catalogue.absent)
        let runCount = options.runCount(atMost: 3)
        let million = FigureText.make(Double(options.million))
        report.conditions["due later"] = million
        report.conditions["due a second"] = "\(Self.rate), peers \(DueLagPeer.rate)"
        report.conditions["runs"] = "\(runCount)"
        let lag = DueLagRun(options: options).contender
        let drains = [0, options.million].map { DueDrain(options: options, laterCount: $0).contender }
        let burst = DueBurst(options: options).contender
        let peers = catalogue.installed.map { DueLagPeer(peer: $0, options: options).contender }
        try await Contest(ours: [lag] + drains + [burst], peers: peers, runCount: runCount).run(into: &report)

        func add(_ subject: String, _ group: String, _ contender: Contender, _ most: Double) {
            guard let median = report.median(group, contender.name) else { return }
            report.bars.append(Bar(subject, median, .atMost(most), "ms"))
        }
        add("due to start with \(million) due later, p99", "\(Group.lag), p99", lag, 100)
        let rates = drains.compactMap { report.median(Group.drain, $0.name) }
        if rates.count == 2, rates[0] > 0 {
            report.bars.append(
                Bar("drain with \(million) due later beside none", rates[1] / rates[0], .atLeast(0.85), ""))
        }
        add(Group.promotion, Group.promotion, burst, 1_000)
        add(Group.script, Group.script, burst, 50)
        add(Group.caller, Group.caller, burst, 50)
        return report
    }
}

/// A drain beside jobs of the same queue that come due later.
struct DueDrain: Sendable {
    let options: BenchOptions
    let laterCount: Int

    var contender: Contender {
        Contender(name: laterCount == 0 ? "none due later" : "\(FigureText.make(Double(laterCount))) due later") {
            let run = NoopRun(options: options, concurrency: options.concurrency, laterCount: laterCount)
            let outcome = try await run.measure()
            return [
                .rate(DueLagBenchmark.Group.drain, options.jobCount, outcome.drain.seconds),
                .processorTime(
                    DueLagBenchmark.Group.workerTime, options.jobCount, outcome.drain.processorSeconds),
                .processorTime(DueLagBenchmark.Group.redisTime, options.jobCount, outcome.redisSeconds),
            ]
        }
    }
}
