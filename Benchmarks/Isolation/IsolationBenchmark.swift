/// Whether targets that misbehave make the deliveries to others later.
struct IsolationBenchmark: Benchmark {
    let name = "isolation"
    let summary = "20 healthy targets at 2,000 deliveries a second, alone and beside six that misbehave"

    enum Group {
        static let alone = "enqueue to received, healthy targets alone"
        static let beside = "enqueue to received, beside the six"
        static let ratio = "p99 beside the six to p99 alone"
        static let memory = "worker's memory in RAM"
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
            let ours = IsolationRun(options: options, postgres: postgres).contender
            try await Contest(ours: [ours], peers: [], runCount: runCount).run(into: &filled)
            if let ratio = filled.median(Group.ratio, ours.name) {
                filled.bars.append(Bar(Group.ratio, ratio, .atMost(1.1), "times"))
            }
            if let alone = filled.median(Group.memory, "alone"), let beside = filled.median(Group.memory, "beside") {
                filled.bars.append(Bar("memory that the six cost", beside - alone, .atMost(50), "MB"))
            }
            return filled
        }
    }
}
