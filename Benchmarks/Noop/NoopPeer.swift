/// A peer's side of the noop benchmark.
struct NoopPeer: Sendable {
    let peer: Peer
    let options: BenchOptions

    /// A drain with each setting, and the enqueueing one by one.
    var contenders: [Contender] {
        let drains = peer.settings.map { setting in
            Contender(name: "\(peer.name), \(setting.label)") { try await drain(setting) }
        }
        return drains + [Contender(name: peer.name) { try await enqueueAlone() }]
    }

    private func drain(_ setting: Peer.Setting) async throws -> [Reading] {
        let jobCount = peer.jobCount(of: options.jobCount)
        return try await BenchRedis.with(options) { redis in
            let program = PeerProgram(peer: peer, options: options, redis: redis)
            let enqueued = try await program.run("push_many", jobCount: jobCount)
            try await redis.settle()
            let redisBefore = try await redis.processorSeconds()
            let drained = try await program.run("work", jobCount: jobCount, concurrency: setting.concurrency)
            let redisSeconds = try await redis.processorSeconds() - redisBefore
            guard drained.numbers.count == jobCount, Set(drained.numbers) == Set(0..<jobCount) else {
                throw BenchError("\(peer.name): \(drained.numbers.count) runs of \(jobCount) jobs, not each once")
            }
            var rate = Reading.rate(NoopBenchmark.Group.enqueueMany, jobCount, enqueued.seconds)
            rate.contender = peer.name
            return [
                .rate(NoopBenchmark.Group.drain, jobCount, drained.seconds), rate,
                .processorTime(NoopBenchmark.Group.workerTime, jobCount, drained.processorSeconds),
                .processorTime(NoopBenchmark.Group.redisTime, jobCount, redisSeconds),
            ]
        }
    }

    private func enqueueAlone() async throws -> [Reading] {
        let jobCount = max(500, peer.jobCount(of: options.jobCount) / NoopBenchmark.aloneShare)
        let pushed = try await BenchRedis.with(options) { redis in
            try await PeerProgram(peer: peer, options: options, redis: redis).run("push_alone", jobCount: jobCount)
        }
        return [.rate(NoopBenchmark.Group.enqueueAlone, jobCount, pushed.seconds)]
    }
}
