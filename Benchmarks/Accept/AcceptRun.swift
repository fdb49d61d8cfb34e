import Command
import Queue
import Redis

/// The real API program, with a token that must be checked and a target for each event.
struct AcceptRun: Sendable {
    let options: BenchOptions
    let postgres: BenchPostgres

    private static let jobsKey = "aj:{webhooks}:jobs"

    var contender: Contender {
        Contender(name: "Aventora") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let port = try LoopbackPort.free()
            let token = SecretMaker.hex(byteCount: 16)
            let server = try await BenchProgram.start(
                "aventora-api", redis, postgres, options, port: port,
                [
                    "API_LISTEN": "127.0.0.1:\(port)", "API_TOKENS": "bench:events:\(token)",
                    "SALESFORCE_WEBHOOK_URL": "https://crm.example/push",
                ])
            do {
                let redisBefore = try await redis.processorSeconds()
                let load = AcceptLoad(options: options, port: port, token: token)
                let (readings, result) = try await load.measure(server)
                let redisSeconds = try await redis.processorSeconds() - redisBefore
                await server.stop()
                try await check(result, redis.client)
                return readings + [
                    .processorTime(AcceptBenchmark.Group.redisTime, result.answerCount, redisSeconds)
                ]
            } catch {
                await server.kill()
                throw error
            }
        }
    }

    /// The jobs that the answers named are in Redis, and no others.
    private func check(_ result: LoadResult, _ redis: RedisClient) async throws {
        let reply = try await redis.run(RedisCommand("HKEYS", arguments: [Self.jobsKey]))
        let kept = Set((reply.arrayValue ?? []).compactMap(\.string))
        let named = Set(result.ids)
        guard named.count == result.answerCount, named == kept else {
            throw BenchError("\(result.answerCount) answers named \(named.count) jobs, Redis has \(kept.count)")
        }
    }
}
