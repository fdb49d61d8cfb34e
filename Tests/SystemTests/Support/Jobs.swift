import Basics
import Command
import Curl
import Postgres
import Redis
import TestKit

extension Product {
    /// Asks its Redis.
    func redisReply(_ name: String, _ arguments: String...) async throws -> RedisReply {
        let client = RedisClient(configuration: try RedisConfiguration(url: redis.url), name: "test")
        let reply: Result<RedisReply, any Error>
        do { reply = .success(try await client.run(RedisCommand(name, arguments: arguments))) } catch {
            reply = .failure(error)
        }
        await client.shutdown()
        return try reply.get()
    }

    /// What a path shows, once it is so.
    func resource(
        _ path: String, named name: String, toBe purpose: String, within limit: Duration,
        _ condition: (JSONObject) -> Bool
    ) async throws -> JSONObject {
        var last = ""
        return try await Waiting.value("\(name) to be \(purpose)", within: limit, seen: { last }) {
            let reply = try await client.get(path)
            last = reply.text
            return reply.status == 200 && condition(reply.object) ? reply.object : nil
        }
    }
}

extension Product {
    private static let open = PostgresStatement(
        "test_open", "SELECT count(*) AS n FROM jobs.outbox WHERE ended_at IS NULL")

    /// Returns once every program is ready and nothing is left to do, neither in the outbox nor in these queues.
    func finishWork(in queues: String..., within limit: Duration = .seconds(40)) async throws {
        for process in processes where process.exit == nil { try await waitUntilReady(process) }
        try await Waiting.until("the outbox to end", within: limit) {
            try await database.query(Self.open)[0].integer("n") == 0
        }
        var last: [String: [Int64]] = [:]
        try await Waiting.until("\(queues) to be empty", within: limit, seen: { "\(last)" }) {
            last = try await client.queues()
            return queues.allSatisfy { last[$0]?.prefix(3) == [0, 0, 0] }
        }
    }
}

extension ProductClient {
    /// `POST /v1/jobs`.
    func postJob(_ job: String, headers: [(name: String, value: String)] = []) async throws -> ProductReply {
        try await send(.post, "/v1/jobs", body: Array(job.utf8), headers: headers)
    }
}

extension Samples {
    /// A job that pushes an engagement to Twenty.
    static func push(_ engagement: String, of domainName: String, _ members: String = "") -> String {
        """
        {"kind":"engagement.push","args":\(pushArguments(engagement, of: domainName))\
        \(members.isEmpty ? "" : ",")\(members)}
        """
    }

    /// Its arguments.
    static func pushArguments(_ engagement: String, of domainName: String) -> String {
        """
        { "target" : "twenty", "delivery_type":"status","event":\(completed(engagement, of: domainName))}
        """
    }
}
