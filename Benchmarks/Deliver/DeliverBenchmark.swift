/// Signed deliveries with their attempts in Postgres, beside a bare libcurl loop.
struct DeliverBenchmark: Benchmark {
    let name = "deliver"
    let summary = "deliver signed webhooks to a local nginx, each attempt logged before its ack, by one worker process"

    static let bodyBytes = 600
    static let connections = 64

    enum Group {
        static let rate = "delivered"
        static let workerTime = "processor time, worker"
        static let redisTime = "processor time, Redis"
        static let nginxTime = "processor time, nginx"
        static let postgresTime = "processor time, Postgres"
        static let late = "rows that Postgres was too slow for, in Redis"
        static let connections = "connections that nginx saw"
    }

    func run(_ options: BenchOptions) async throws -> Report {
        let catalogue = PeerCatalogue(options)
        var report = try await Report(benchmark: name, options, absentPeers: catalogue.absent(DeliverPeer.keys))
        report.conditions["jobs"] = FigureText.make(Double(options.jobCount))
        report.conditions["body bytes"] = "\(Self.bodyBytes)"
        report.conditions["connections of the bare loop"] = "\(Self.connections)"
        return try await BenchPostgres.with(options) { postgres in
            try await BenchNginx.with(options) { nginx in
                var filled = report
                let ours = options.concurrencies.map {
                    DeliverRun(options: options, postgres: postgres, nginx: nginx, concurrency: $0).contender
                }
                let bare = BareCurl(options: options, nginx: nginx).contender
                let peers = catalogue.installed(DeliverPeer.keys).map {
                    DeliverPeer(peer: $0, options: options, nginx: nginx).contender
                }
                try await Contest(
                    ours: ours, peers: options.measuresPeers ? [bare] + peers : [], runCount: options.runCount
                ).run(into: &filled)
                addBars(to: &filled, bare.name)
                return filled
            }
        }
    }

    private func addBars(to report: inout Report, _ bare: String) {
        guard let ours = report.rows.first(where: { $0.group == Group.rate }) else { return }
        report.bars.append(Bar("deliveries by one worker", ours.median, .atLeast(20_000), "per s"))
        if let other = report.median(Group.rate, bare) {
            report.bars.append(Bar("of the bare loop's requests", ours.median / other, .atLeast(0.25), ""))
        }
    }
}
