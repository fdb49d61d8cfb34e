/// A peer's side of the pickup benchmark: its worker, and its own producer in another process.
struct PickupPeer: Sendable {
    let peer: Peer
    let options: BenchOptions
    let jobCount: Int

    /// How long it is listened to while it idles.
    private static let idleSeconds = 6.0

    var contender: Contender {
        Contender(name: peer.name, mostRuns: 3) { try await measure() }
    }

    var idleContender: Contender {
        Contender(name: peer.name, mostRuns: 1) { try await measureIdle() }
    }

    private var concurrency: Int { peer.settings[0].concurrency }

    private func measure() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let program = PeerProgram(peer: peer, options: options, redis: redis)
            let worker = try await program.startWorker(jobCount: jobCount + 1, concurrency: concurrency)
            do {
                try await program.run("pace", jobCount: jobCount, concurrency: PickupBenchmark.rate)
                try await worker.waitUntilDone()
            } catch {
                await worker.kill()
                throw error
            }
            let figures = try program.figures("work")
            guard Set(figures.numbers) == Set(0...jobCount), figures.delayNanoseconds.count == jobCount else {
                throw BenchError("\(peer.name): \(figures.numbers.count) runs of \(jobCount + 1) jobs, not each once")
            }
            return Percentiles(nanoseconds: figures.delayNanoseconds).readings(PickupBenchmark.wait)
        }
    }

    private func measureIdle() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let program = PeerProgram(peer: peer, options: options, redis: redis)
            let worker = try await program.startWorker(jobCount: 0, concurrency: concurrency)
            return try await IdleRun.measure(
                worker, redis, settle: 3, seconds: options.seconds(Self.idleSeconds), options)
        }
    }
}
