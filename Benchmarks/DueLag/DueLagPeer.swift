/// A peer's side of the due-lag benchmark: jobs that come due one after the other, and none besides.
struct DueLagPeer: Sendable {
    let peer: Peer
    let options: BenchOptions

    /// Fewer than ours, so that none is late because it is slow.
    static let rate = 100
    private static let seconds = 6.0

    var contender: Contender {
        Contender(name: peer.name, mostRuns: 2) { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        let jobCount = Int(options.seconds(Self.seconds) * Double(Self.rate))
        return try await BenchRedis.with(options) { redis in
            let figures = try await PeerProgram(peer: peer, options: options, redis: redis)
                .feed("later", jobCount: jobCount, rate: Self.rate)
            return Percentiles(nanoseconds: figures.delayNanoseconds).readings(DueLagBenchmark.Group.lag)
        }
    }
}
