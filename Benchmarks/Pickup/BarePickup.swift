import Redis

/// The bare limit: one process that waits in `BLPOP`, and another connection that pushes.
struct BarePickup: Sendable {
    let options: BenchOptions
    let jobCount: Int

    private static let list = "bare"

    var contender: Contender {
        Contender(name: "bare LPUSH and BLPOP") {
            try await BenchRedis.with(options) { redis in
                let waiter = RedisWaiter(configuration: redis.configuration, name: "bench-wait")
                async let delays = receive(waiter)
                try await pace(redis.client)
                let result = try await delays
                await waiter.shutdown()
                return Percentiles(nanoseconds: result).readings(PickupBenchmark.wait)
            }
        }
    }

    @concurrent private func receive(_ waiter: RedisWaiter) async throws -> [Int64] {
        var delays: [Int64] = []
        while delays.count < jobCount {
            guard let popped = try await waiter.pop(from: [Self.list], timeoutMilliseconds: 10_000) else {
                throw BenchError("the bare list stayed empty")
            }
            let now = StampClock.monotonic.nanoseconds
            delays.append(now - (Int64(String(decoding: popped.value, as: UTF8.self)) ?? 0))
        }
        return delays
    }

    @concurrent private func pace(_ client: RedisClient) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        for number in 0..<jobCount {
            let due = start + .seconds(Double(number) / Double(PickupBenchmark.rate))
            try await clock.sleep(until: due, tolerance: .zero)
            let command = RedisCommand("LPUSH", arguments: [Self.list, "\(StampClock.monotonic.nanoseconds)"])
            _ = try await client.run(command)
        }
    }
}
