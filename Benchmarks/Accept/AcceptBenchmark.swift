/// How many events the API takes, and how long a caller waits.
struct AcceptBenchmark: Benchmark {
    let name = "accept"
    let summary = "POST single events to the API over 64 kept connections, beside a bare route that reads the same"

    static let connections = 64

    enum Group {
        static let rate = "events accepted"
        static let wait = "request to answer"
        static let serverTime = "processor time, server"
        static let redisTime = "processor time, Redis"
        static let loadTime = "processor time, load"
    }

    func run(_ options: BenchOptions) async throws -> Report {
        var report = try await Report(benchmark: name, options)
        report.conditions["connections"] = "\(Self.connections)"
        report.conditions["event bytes"] = "\(AcceptLoad.body.utf8.count)"
        report.conditions["seconds"] = FigureText.make(options.seconds(AcceptLoad.seconds))
        return try await BenchPostgres.with(options) { postgres in
            var filled = report
            let ours = AcceptRun(options: options, postgres: postgres).contender
            let bare = BareRoute(options: options).contender
            try await Contest(ours: [ours], peers: options.measuresPeers ? [bare] : [], runCount: options.runCount)
                .run(into: &filled)
            if let own = filled.median(Group.rate, ours.name), let other = filled.median(Group.rate, bare.name) {
                filled.bars.append(Bar("of the bare route's events", own / other, .atLeast(0.6), ""))
            }
            if let median = filled.median("\(Group.wait), p99", ours.name) {
                filled.bars.append(Bar("\(Group.wait), p99", median, .atMost(10), "ms"))
            }
            return filled
        }
    }
}
