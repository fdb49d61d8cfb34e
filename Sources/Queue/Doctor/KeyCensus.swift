import Redis

/// Which keys there are. One walk over all keys of the server, whatever their number: names are kept of lanes and workers
/// only.
struct KeyCensus {
    /// What one queue has.
    struct Holdings: Sendable {
        /// Lanes that have a list.
        var lanes: Set<String> = []
        /// Workers that have claims.
        var workers: Set<String> = []
        var wrongTypes: [(key: String, is: String, shouldBe: String)] = []
        var unknown: [String] = []
    }

    private(set) var queues: [QueueName: Holdings] = [:]

    private let namespace: String

    /// Keys asked for in one step.
    private static let slice = 500
    /// Names of unknown keys that are kept of each queue.
    private static let unknownKept = 1_000

    private static let types = [
        "ready": "list", "jobs": "hash", "due": "zset", "dead": "zset", "errors": "hash", "finished": "hash",
        "doorbell": "list", "counters": "hash", "meta": "hash", "leases": "zset", "keys": "hash", "next": "hash",
        "cancelled": "set", "cancels": "hash", "ring": "list", "lanes": "hash", "lanes:running": "hash",
        "lanes:limits": "hash", "lanes:bucket": "hash", "lanes:breaker": "hash", "lanes:held": "zset",
        "lanes:due": "zset", "orders": "zset", "pace": "list", "schedules": "hash", "ticks": "hash", "log": "hash",
    ]

    init(namespace: String) { self.namespace = namespace }

    /// Walks over all keys.
    ///
    /// - Parameter only: the queues that matter; nil for all.
    mutating func take(_ calls: DoctorCalls, only: Set<QueueName>?) async throws(QueueError) {
        var cursor = "0"
        repeat {
            let reply = try await calls.run("SCAN", cursor, "MATCH", namespace + ":{*", "COUNT", "\(Self.slice)")
            guard let parts = reply.arrayValue, parts.count == 2, let next = parts[0].string else {
                throw QueueError(.unexpectedReply, "SCAN answered in an unknown form")
            }
            cursor = next
            let names = parts[1].texts.filter { name in parse(name).map { only?.contains($0.queue) ?? true } ?? false }
            guard !names.isEmpty else { continue }
            let types = try await calls.run(names.map { RedisCommand("TYPE", arguments: [$0]) })
            for (name, type) in zip(names, types) { note(name, type.string ?? "") }
        } while cursor != "0"
    }

    private func parse(_ key: String) -> (queue: QueueName, suffix: Substring)? {
        let start = namespace + ":{"
        guard key.hasPrefix(start), let brace = key.firstIndex(of: "}"),
            let queue = QueueName(String(key[key.index(key.startIndex, offsetBy: start.count)..<brace]))
        else { return nil }
        let rest = key[key.index(after: brace)...]
        return rest.hasPrefix(":") ? (queue, rest.dropFirst()) : nil
    }

    /// - Parameter type: as `TYPE` answers; `none` when it has gone since.
    mutating func note(_ key: String, _ type: String) {
        guard type != "none", let (queue, suffix) = parse(key) else { return }
        var holdings = queues[queue] ?? Holdings()
        defer { queues[queue] = holdings }
        let expected: String
        if let known = Self.types[String(suffix)] {
            expected = known
        } else if suffix.hasPrefix("claims:") {
            expected = "hash"
            if type == expected { holdings.workers.insert(String(suffix.dropFirst(7))) }
        } else if suffix.hasPrefix("lane:") {
            expected = "list"
            if type == expected { holdings.lanes.insert(String(suffix.dropFirst(5))) }
        } else if suffix.hasPrefix("receipt:") {
            expected = "string"
        } else {
            if holdings.unknown.count < Self.unknownKept, !holdings.unknown.contains(key) {
                holdings.unknown.append(key)
            }
            return
        }
        if type != expected, !holdings.wrongTypes.contains(where: { $0.key == key }) {
            holdings.wrongTypes.append((key, type, expected))
        }
    }
}
