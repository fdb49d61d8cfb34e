// The engine's data as they lie in Redis, read past the engine: what a bug hides from the engine's own counts shows here.

import Redis

/// A look at the engine's keys.
struct RedisInspector: Sendable {
    let client: RedisClient

    /// A buried job.
    struct Dead: Sendable {
        let id: String
        let queue: String
        let kind: String
        let attempts: Int
        let reason: String

        var isQuarantined: Bool { reason.contains("quarantined") }
    }

    static let queues = ["webhooks", "crm", "hub", "tips", "upkeep"]

    /// The jobs that a worker holds, over all queues. - Parameter worker: what its name begins with.
    func claims(of worker: String) async throws -> Set<String> {
        var ids: Set<String> = []
        for key in try await keys("aj:*:claims:\(worker)-*") {
            ids.formUnion(strings(try await run("HKEYS", key)))
        }
        return ids
    }

    func counters(of queue: String) async throws -> [String: Int64] {
        let words = strings(try await run("HGETALL", "aj:{\(queue)}:counters"))
        let pairs = stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], Int64(words[$0 + 1]) ?? 0) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Traces that have not been moved to the history.
    func waitingTraces() async throws -> Int64 {
        var count: Int64 = 0
        for queue in Self.queues { count += try await run("HLEN", "aj:{\(queue)}:finished").integerValue ?? 0 }
        return count
    }

    /// Whether every job has ended: what the engine's own counts cannot say, since a job that moves between two of their
    /// looks is in neither.
    func isDrained() async throws -> Bool {
        for queue in Self.queues {
            let jobs = try await run("HLEN", "aj:{\(queue)}:jobs").integerValue
            guard try await run("ZCARD", "aj:{\(queue)}:dead").integerValue == jobs else { return false }
        }
        return true
    }

    /// The ids of every job that has not ended.
    func jobs() async throws -> Set<String> {
        var ids: Set<String> = []
        for queue in Self.queues { ids.formUnion(strings(try await run("HKEYS", "aj:{\(queue)}:jobs"))) }
        return ids
    }

    func dead() async throws -> [Dead] {
        var dead: [Dead] = []
        for queue in Self.queues {
            for id in strings(try await run("ZRANGE", "aj:{\(queue)}:dead", "0", "-1")) {
                let envelope = try await run("HGET", "aj:{\(queue)}:jobs", id).string ?? ""
                let fields = envelope.prefix { $0 != "\n" }.split(separator: " ")
                let reason = try await run("HGET", "aj:{\(queue)}:errors", id).string ?? ""
                dead.append(
                    Dead(
                        id: id, queue: queue, kind: fields.count > 1 ? String(fields[1]) : "?",
                        attempts: fields.count > 3 ? Int(fields[3]) ?? -1 : -1, reason: reason))
            }
        }
        return dead
    }

    /// Gives Redis so many bytes of memory; 0 is no limit.
    func limitMemory(bytes: Int64) async throws { _ = try await run("CONFIG", "SET", "maxmemory", "\(bytes)") }

    func keys(_ pattern: String) async throws -> [String] {
        var cursor = "0"
        var keys: Set<String> = []
        repeat {
            let reply = try await run("SCAN", cursor, "MATCH", pattern, "COUNT", "1000").arrayValue ?? []
            cursor = reply.first?.string ?? "0"
            if reply.count > 1 { keys.formUnion(strings(reply[1])) }
        } while cursor != "0"
        return keys.sorted()
    }

    func run(_ words: String...) async throws -> RedisReply {
        try await client.run(RedisCommand(words[0], arguments: Array(words.dropFirst())))
    }

    private func strings(_ reply: RedisReply) -> [String] { (reply.arrayValue ?? []).compactMap(\.string) }
}
