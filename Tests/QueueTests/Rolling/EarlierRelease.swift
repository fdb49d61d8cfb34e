import Foundation
import Redis

@testable import Queue

/// A worker and a producer of the release before envelopes of version 2: that release's own scripts, unchanged, called as
/// it called them. They know no lanes, no keys, no cancelling.
struct EarlierRelease: Sendable {
    let redis: RedisClient
    let keys: Keys
    let worker: String

    struct Job: Sendable {
        let id: JobID
        let fence: Int64
        let header: String
    }

    /// One trip: settles and claims. What it cannot read it puts back, as that release did, but for 20 ms instead of 30 s.
    ///
    /// - Returns: what it claimed and can run.
    func trip(want: Int, acknowledging jobs: [Job] = [], retrying failed: [Job] = []) async throws -> [Job] {
        let claimed = try await call(want: want, acknowledging: jobs, requeueing: failed.map { ($0, next($0)) })
        let readable = claimed.filter { $0.header.hasPrefix("1 ") }
        let others = claimed.filter { !$0.header.hasPrefix("1 ") }
        if !others.isEmpty { _ = try await call(want: 0, requeueing: others.map { ($0, $0.header) }) }
        return readable
    }

    private func next(_ job: Job) -> String {
        var fields = job.header.split(separator: " ").map(String.init)
        fields[3] = String((Int(fields[3]) ?? 0) + 1)
        return fields.joined(separator: " ")
    }

    private func call(
        want: Int, acknowledging jobs: [Job] = [], requeueing failed: [(Job, header: String)] = []
    ) async throws -> [Job] {
        var command = RedisCommand(
            script: try Self.script("work"),
            keys: [
                keys.ready, keys.jobs, keys.due, keys.claims(of: worker), keys.leases, keys.meta, keys.dead,
                keys.errors, keys.finished, keys.doorbell, keys.counters,
            ])
        for argument in ["0", worker, "\(want)", "200", "100000", "7776000000", "100000", "\(jobs.count)"] {
            command.append(argument)
        }
        for job in jobs {
            command.append(job.id.description)
            command.append(job.fence)
        }
        command.append(failed.count)
        for (job, header) in failed {
            for argument in ["requeue", job.id.description, "\(job.fence)", header, "20", "", "", "retried"] {
                command.append(argument)
            }
        }
        let reply = try await redis.run(command).arrayValue ?? []
        guard reply.count >= 4, let fence = reply[0].integerValue, let stale = reply[3].integerValue else { return [] }
        let values = reply.dropFirst(4 + Int(stale)).map { $0.string ?? "" }
        return stride(from: 0, to: values.count - 1, by: 2).compactMap { index in
            let header = values[index + 1].prefix { $0 != "\n" }
            return JobID(values[index]).map { Job(id: $0, fence: fence, header: String(header)) }
        }
    }

    /// Gives a dead worker's claims back, as that release did.
    func reap(_ dead: String) async throws {
        var command = RedisCommand(
            script: try Self.script("reap"),
            keys: [
                keys.leases, keys.claims(of: dead), keys.jobs, keys.ready, keys.dead, keys.errors, keys.doorbell,
                keys.counters,
            ])
        for argument in ["0", dead, "0", "500", "3", "16"] { command.append(argument) }
        _ = try await redis.run(command)
    }

    /// Enqueues one job that is ready, in a lane if it has one.
    func enqueue(_ job: NewJob) async throws {
        var command = RedisCommand(
            script: try Self.script("enqueue"),
            keys: [keys.ready, keys.jobs, keys.due, keys.doorbell, keys.counters])
        for argument in ["0", "86400000", "16", "", "1", "", "1"] { command.append(argument) }
        command.append(job.id.bytes)
        command.append(job.delayMilliseconds)
        command.append(job.envelope.bytes)
        _ = try await redis.run(command)
    }

    private static func script(_ name: String) throws -> RedisScript {
        guard let url = Bundle.module.url(forResource: name, withExtension: "lua", subdirectory: "Release1") else {
            throw CocoaError(.fileNoSuchFile)
        }
        return RedisScript(name: "release1/" + name, source: try String(contentsOf: url, encoding: .utf8))
    }
}
