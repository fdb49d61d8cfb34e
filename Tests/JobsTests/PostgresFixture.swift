// One private Postgres server per test process, started on first use. A shell watches its standard input: when the test
// process ends, however it ends, the pipe closes and the shell stops the server and removes its files.

import Foundation
import Postgres
import Synchronization
import TestKit

@testable import Jobs

enum PostgresFixture {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let server = Server()
    private static let lastDatabase = Atomic<Int>(0)

    /// Runs the body with a pool on a new, empty database.
    static func withDatabase<Value: Sendable>(
        isMigrated: Bool = true,
        hasHub: Bool = false,
        size: Int = 4,
        _ body: (PostgresPool) async throws -> Value,
    ) async throws -> Value {
        let directory = try await server.directory()
        let name = "jobs_\(lastDatabase.add(1, ordering: .relaxed).newValue)"
        let root = try pool(directory, "postgres", size: 1)
        try await root.execute("CREATE DATABASE \(name)")
        let pool = try pool(directory, name, size: size)
        let result: Result<Value, any Error>
        do {
            if isMigrated { _ = try await Migrator(pool: pool).run() }
            if hasHub { try await pool.execute(try hubSQL()) }
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        do { try await root.execute("DROP DATABASE \(name) WITH (FORCE)") } catch { print("kept \(name): \(error)") }
        await root.shutdown()
        return try result.get()
    }

    static func hubSQL() throws -> String {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return try String(contentsOf: folder.appendingPathComponent("deploy/sample/hub.sql"), encoding: .utf8)
    }

    private static func pool(_ directory: String, _ database: String, size: Int) throws -> PostgresPool {
        let url = "postgresql://postgres@/\(database)?host=\(directory)"
        return PostgresPool(configuration: try PostgresConfiguration(url: url), size: size)
    }

    private actor Server {
        private var start: Task<String, any Error>?

        func directory() async throws -> String {
            if let start { return try await start.value }
            let task = Task { try await Self.launch() }
            start = task
            return try await task.value
        }

        /// Held open for the life of the process.
        private static let leash = Mutex<FileHandle?>(nil)

        private static func launch() async throws -> String {
            // As every program does; else a write to a process that has ended would end the whole test run.
            _ = signal(SIGPIPE, SIG_IGN)
            let process = SpawnedProcess()
            let isRoot = NSUserName() == "root"
            let shell = ["/bin/sh", "-c", script]
            let command = isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] + shell : shell
            process.executable = "/usr/bin/env"
            process.arguments = command
            process.currentDirectory = "/"
            let input = try process.openInput()
            let output = try process.openOutput()
            try process.run()
            Self.leash.withLock { $0 = input }
            let line = await withCheckedContinuation { continuation in
                // Blocks until the server is ready, so not on Swift's pool.
                DispatchQueue.global().async {
                    continuation.resume(returning: output.availableData)
                }
            }
            let directory = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard directory.hasPrefix("/") else { throw Failure(description: "Postgres did not start: \(directory)") }
            return directory
        }

        private static let script = """
            PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)"
            directory=$(mktemp -d /tmp/jobs-postgres.XXXXXX) || exit 1
            initdb -D "$directory/data" -U postgres -A trust -E UTF8 --locale=C -N >"$directory/log" 2>&1 || {
                echo failed; rm -rf "$directory"; exit 1; }
            postgres -D "$directory/data" -k "$directory" -c listen_addresses= -c fsync=off -c max_connections=400 \
                >>"$directory/log" 2>&1 </dev/null &
            server=$!
            tries=0
            until pg_isready -q -h "$directory"; do
                tries=$((tries + 1)); [ $tries -gt 200 ] && { echo failed; kill -INT $server; wait $server; rm -rf "$directory"; exit 1; }
                sleep 0.1
            done
            echo "$directory"
            read -r line
            kill -INT $server
            wait $server
            rm -rf "$directory"
            """
    }
}
