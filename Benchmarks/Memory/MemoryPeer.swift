import Command

/// A peer's waiting jobs, and its idle worker.
struct MemoryPeer: Sendable {
    let peer: Peer
    let options: BenchOptions

    /// Enough for a mean; some take seconds to enqueue more.
    private static let jobCount = 10_000

    var contender: Contender {
        Contender(name: peer.name, mostRuns: 1) { try await waiting() + idle() }
    }

    private func waiting() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let before = try await redis.usedBytes()
            try await PeerProgram(peer: peer, options: options, redis: redis)
                .run("push_many", jobCount: Self.jobCount)
            let bytes = try await redis.usedBytes() - before
            return [
                Reading(
                    group: MemoryBenchmark.Group.job, unit: "bytes", value: Double(bytes) / Double(Self.jobCount))
            ]
        }
    }

    private func idle() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let worker = try await PeerProgram(peer: peer, options: options, redis: redis)
                .startWorker(jobCount: 0, concurrency: peer.settings[0].concurrency)
            return try await MemoryRun.look(worker, "\(peer.name), idle")
        }
    }
}

/// The bare limit: a list of as many bytes, and nothing to find one of them by.
struct BareMemory: Sendable {
    let options: BenchOptions

    /// None when `redis-benchmark` is not installed.
    var contenders: [Contender] {
        guard ProgramRun.find("redis-benchmark") != nil else { return [] }
        return [Contender(name: "bare list") { try await measure() }]
    }

    private func measure() async throws -> [Reading] {
        let access = "user bare on nopass ~mylist -@all +lpush"
        return try await BenchRedis.with(options, settings: [access]) { redis in
            let before = try await redis.usedBytes()
            try await ProgramRun(
                "redis-benchmark",
                [
                    "-p", "\(redis.server.port)", "--user", "bare", "-a", "none", "-t", "lpush", "-c", "1", "-P", "100",
                    "-n", "\(options.jobCount)", "-d", "\(NoopBenchmark.argumentBytes)", "--csv",
                ],
                limit: .seconds(60), log: "\(options.directory)/redis-benchmark.log"
            ).run()
            let bytes = try await redis.usedBytes() - before
            return [
                Reading(
                    group: MemoryBenchmark.Group.job, unit: "bytes", value: Double(bytes) / Double(options.jobCount))
            ]
        }
    }
}
