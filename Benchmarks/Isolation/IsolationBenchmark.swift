/// Whether targets that misbehave make the deliveries to others later.
struct IsolationBenchmark: Benchmark {
    let name = "isolation"
    let summary = "20 healthy targets at 2,000 deliveries a second, alone and beside six that misbehave"

    enum Group {
        static let alone = "enqueue to received, before"
        static let beside = "enqueue to received, after these joined"
        static let ratio = "p99 after to p99 before"
        static let memory = "worker's memory in RAM, at most"
        static let growth = "more than before"
        static let attempts = "attempts at the six"
    }

    static let healthyCount = 20
    /// Deliveries a second to all healthy targets together.
    static let healthyRate = 2_000
    /// Events a second for each of the six.
    static let badRate = 10
    static let aloneSeconds = 12.0
    /// Longer than one that hangs is waited for.
    static let besideSeconds = 40.0

    func run(_ options: BenchOptions) async throws -> Report {
        var report = try await Report(benchmark: name, options)
        let runCount = options.runCount(atMost: 3)
        report.conditions["runs"] = "\(runCount)"
        report.conditions["healthy targets"] = "\(Self.healthyCount)"
        report.conditions["deliveries to them"] = "\(Self.healthyRate) per s"
        report.conditions["events for each of the six"] = "\(Self.badRate) per s"
        report.conditions["name that never resolves"] =
            SilentNames.isPossible ? "its name server never answers" : "of no zone, since this needs root otherwise"
        return try await BenchPostgres.with(options) { postgres in
            var filled = report
            let six = IsolationRun(options: options, postgres: postgres, joins: true).contender
            let nobody = IsolationRun(options: options, postgres: postgres, joins: false).contender
            try await Contest(ours: [six, nobody], peers: [], runCount: runCount).run(into: &filled)
            if let ratio = filled.median(Group.ratio, six.name), let other = filled.median(Group.ratio, nobody.name) {
                filled.bars.append(Bar(Group.ratio, ratio, .atMost(1.1), "times"))
                filled.bars.append(Bar("the same beside what it is with nobody", ratio / other, .atMost(1.1), "times"))
            }
            if let growth = filled.median(Group.growth, six.name) {
                filled.bars.append(Bar("memory that the six cost", growth, .atMost(50), "MB"))
            }
            return filled
        }
    }
}
