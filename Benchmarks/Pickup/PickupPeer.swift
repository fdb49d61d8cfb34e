/// A peer's side of the pickup benchmark: its worker, and its own producer in another process.
struct PickupPeer: Sendable {
    let peer: Peer
    let options: BenchOptions
    let jobCount: Int

    /// How long it is listened to while it idles.
    private static let idleSeconds = 6.0

    var contender: Contender {
        Contender(name: peer.name, mostRuns: 2) { try await measure() }
    }

    var idleContender: Contender {
        Contender(name: peer.name, mostRuns: 1) { try await measureIdle() }
    }

    private func measure() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let figures = try await PeerProgram(peer: peer, options: options, redis: redis)
                .feed("pace", jobCount: jobCount, rate: PickupBenchmark.rate)
            return Percentiles(nanoseconds: figures.delayNanoseconds).readings(PickupBenchmark.wait)
        }
    }

    private func measureIdle() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let program = PeerProgram(peer: peer, options: options, redis: redis)
            let worker = try await program.startWorker(jobCount: 0, concurrency: peer.settings[0].concurrency)
            return try await IdleRun.measure(
                worker, redis, settle: 3, seconds: options.seconds(Self.idleSeconds), options)
        }
    }
}
