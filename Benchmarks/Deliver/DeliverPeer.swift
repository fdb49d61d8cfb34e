/// A peer that posts the same bodies, signed in the same way. None of them logs its attempts.
struct DeliverPeer: Sendable {
    let peer: Peer
    let options: BenchOptions
    let nginx: BenchNginx

    /// The peers that have an HTTP client here, by script.
    static let keys = ["sidekiq", "celery", "arq"]

    var contender: Contender {
        Contender(name: "\(peer.name), \(peer.settings[0].label)", mostRuns: 3) { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        let jobCount = peer.jobCount(of: options.jobCount)
        return try await BenchRedis.with(options) { redis in
            let program = PeerProgram(peer: peer, options: options, redis: redis, deliverURL: nginx.url)
            try await program.run("push_many", jobCount: jobCount)
            try await redis.settle()
            let before = try await nginx.totals().requests
            let drained = try await program.run(
                "work", jobCount: jobCount, concurrency: peer.settings[0].concurrency)
            let requests = try await nginx.totals().requests - before - 1
            guard requests == jobCount, Set(drained.numbers) == Set(0..<jobCount) else {
                throw BenchError("\(peer.name): \(requests) requests for \(jobCount) jobs")
            }
            return [
                .rate(DeliverBenchmark.Group.rate, jobCount, drained.seconds),
                .processorTime(DeliverBenchmark.Group.workerTime, jobCount, drained.processorSeconds),
            ]
        }
    }
}
