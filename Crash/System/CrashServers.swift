// One Postgres serves all the seeds of a slot, each with a database of its own, since making a cluster takes longer than
// most faults; a Redis is made for each seed.

import Command
import Foundation
import Glibc
import Postgres

/// The Postgres of one slot, with its processes' ids, so that all of them can be frozen.
final class SlotPostgres: Sendable {
    let server: PrivatePostgres
    /// The folder asked for.
    let directory: String

    private init(server: PrivatePostgres, directory: String) {
        self.server = server
        self.directory = directory
    }

    static func start(directory: String) async throws -> SlotPostgres {
        var options = PrivatePostgres.Options(directory: directory)
        options.settings = ["max_connections": "200"]
        return SlotPostgres(server: try await PrivatePostgres.start(options), directory: directory)
    }

    func makeDatabase(_ name: String) async throws {
        try await server.start()
        try await withPool(server.url) { _ = try await $0.query(PostgresStatement("make", "CREATE DATABASE \(name)")) }
    }

    func removeDatabase(_ name: String) async throws {
        try await withPool(server.url) { pool in
            _ = try await pool.query(PostgresStatement("drop", "DROP DATABASE IF EXISTS \(name) (FORCE)"))
        }
    }

    func withPool<Value: Sendable>(
        _ url: String, _ body: (PostgresPool) async throws -> Value
    ) async throws -> Value {
        let pool = PostgresPool(configuration: try PostgresConfiguration(url: url), size: 1)
        let result: Result<Value, any Error>
        do { result = .success(try await body(pool)) } catch { result = .failure(error) }
        await pool.shutdown()
        return try result.get()
    }

    func freeze() { signal(SIGSTOP) }

    func thaw() { signal(SIGCONT) }

    /// The postmaster's first, so that it starts no more of them.
    private func signal(_ signal: Int32) {
        guard let postmaster = server.processIdentifier else { return }
        Glibc.kill(postmaster, signal)
        for child in Self.children(of: postmaster) { Glibc.kill(child, signal) }
    }

    private static func children(of parent: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { process in
            guard let text = PrivateFile.read("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
                return false
            }
            let fields = text[text.index(after: end)...].split(separator: " ")
            return fields.count > 1 && fields[1] == "\(parent)"
        }
    }
}
