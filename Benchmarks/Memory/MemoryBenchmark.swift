/// What jobs and workers take, and whether it stays so.
struct MemoryBenchmark: Benchmark {
    let name = "memory"
    let summary = "the bytes that a waiting job takes in Redis, and the memory of workers idle, full and after 1M jobs"

    enum Group {
        static let job = "Redis, for a waiting job"
        static let worker = "worker, in RAM"
        static let anonymous = "worker, of it no file's"
        static let redis = "Redis, with nothing waiting"
    }

    static let idle = "aventora-worker, idle"
    static let running = "engine, 10,000 jobs running"
    static let early = "engine, early"
    static let late = "engine, late"

    func run(_ options: BenchOptions) async throws -> Report {
        let catalogue = PeerCatalogue(options)
        var report = try await Report(benchmark: name, options, absentPeers: catalogue.absent)
        let runCount = options.runCount(atMost: 2)
        report.conditions["runs"] = "\(runCount)"
        report.conditions["jobs"] = FigureText.make(Double(options.jobCount))
        report.conditions["argument bytes"] = "\(NoopBenchmark.argumentBytes)"
        report.conditions["early and late"] =
            "after \(FigureText.make(Double(MemoryGrowth.early(options)))) and \(FigureText.make(Double(options.million))) jobs"
        let bare = options.measuresPeers ? BareMemory(options: options).contenders : []
        let peers = catalogue.installed.map { MemoryPeer(peer: $0, options: options).contender }
        try await Contest(
            ours: [
                MemoryRun.waiting(options), MemoryRun.idleEngine(options), MemoryRun.idleProgram(options),
                MemoryRun.running(options), MemoryGrowth(options: options).contender,
            ],
            peers: bare + peers, runCount: runCount
        ).run(into: &report)

        func add(_ subject: String, _ value: Double?, _ most: Double, _ unit: String) {
            if let value { report.bars.append(Bar(subject, value, .atMost(most), unit)) }
        }
        add(Group.job, report.median(Group.job, MemoryRun.name), 450, "bytes")
        add("an idle worker", report.median(Group.worker, Self.idle), 40, "MB")
        add("10,000 running jobs", report.median(Group.worker, Self.running), 300, "MB")
        for (subject, group) in [("the worker's growth", Group.worker), ("Redis's growth", Group.redis)] {
            guard let early = report.median(group, Self.early), let late = report.median(group, Self.late) else {
                continue
            }
            add(subject, late / early, 1.05, "times")
        }
        return report
    }
}

extension Reading {
    static func memory(_ group: String, _ contender: String, bytes: Int) -> Reading {
        Reading(group: group, unit: "MB", value: Double(bytes) / 1e6, contender: contender)
    }
}
