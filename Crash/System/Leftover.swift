import Foundation
import Redis

/// What of the engine's data may be there when all jobs have ended and all programs have stopped, and what may not.
enum Leftover {
    /// Keys of a queue that outlive its jobs: settings, totals, the dead, and what is known of them and of targets.
    private static let lasting: Set<String> = [
        "dead", "errors", "jobs", "counters", "meta", "doorbell", "pace", "schedules", "ticks", "lanes:limits",
        "lanes:bucket", "lanes:breaker",
    ]
    private static let receipts = "receipt:"
    /// What keys of no queue begin with.
    private static let common = ["aj:workers", "aj:epoch"]

    /// One sentence for each thing that was left behind.
    static func find(_ inspector: RedisInspector, dead: Set<String>) async throws -> [String] {
        var found: [String] = []
        for key in try await inspector.keys("*") where !isLasting(key) {
            if key.hasSuffix(":leases"), try await !hasOldLease(key, inspector) { continue }
            let type = try await inspector.run("TYPE", key).string ?? "?"
            found.append("the \(type) \(key) is left")
        }
        let jobs = try await inspector.jobs()
        let orphans = jobs.subtracting(dead)
        if !orphans.isEmpty { found.append("envelopes of no dead job are left: \(orphans.sorted().prefix(5))") }
        let lost = dead.subtracting(jobs)
        if !lost.isEmpty { found.append("dead jobs without an envelope: \(lost.sorted().prefix(5))") }
        for queue in RedisInspector.queues {
            let errors = try await inspector.run("HKEYS", "aj:{\(queue)}:errors").arrayValue ?? []
            let surplus = Set(errors.compactMap(\.string)).subtracting(dead)
            if !surplus.isEmpty { found.append("errors of jobs that ended are left: \(surplus.sorted().prefix(5))") }
            // Counted, not found, by the length limit: a wrong count would refuse work for ever.
            let laned = try await inspector.run("HGET", "aj:{\(queue)}:meta", "laned").integerValue ?? 0
            if laned != 0 { found.append("\(queue): \(laned) jobs are counted in lanes that are empty") }
        }
        return found
    }

    /// Of a worker that was killed less than a lease and some beats ago, the lease is there by right.
    private static func hasOldLease(_ key: String, _ inspector: RedisInspector) async throws -> Bool {
        let time = try await inspector.run("TIME").arrayValue?.first?.integerValue ?? 0
        let limit = time * 1_000 - Judge.recoveryLimitMilliseconds
        return try await inspector.run("ZCOUNT", key, "-inf", "\(limit)").integerValue ?? 0 > 0
    }

    private static func isLasting(_ key: String) -> Bool {
        if common.contains(where: key.hasPrefix) { return true }
        guard key.hasPrefix("aj:{"), let end = key.range(of: "}:") else { return false }
        let name = String(key[end.upperBound...])
        return lasting.contains(name) || name.hasPrefix(receipts)
    }
}
