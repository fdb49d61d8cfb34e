import Foundation
import Glibc
import Redis
import TestKit
import Threads

/// A private redis-server on a free port and a socket in a folder of its own, killed by ``stop()``.
///
/// A watcher beside the server kills it when its own standard input ends, so a crashed test run leaves nothing behind.
final class RedisServer: Sendable {
    let port: Int
    let folder: String
    private let arguments: [String]
    private let life: Life

    var socketPath: String { folder + "/redis.sock" }

    /// One run of the server, on a thread of its own, since starting and stopping wait.
    private actor Life {
        private nonisolated let executor = ThreadExecutor(name: "redis-server")
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
        private var process: SpawnedProcess?
        private var input: FileHandle?

        func start(_ arguments: [String]) throws {
            // The name is looked at because the number may belong to another process once the server died by itself; it
            // is the shell's until the server takes its place.
            let script = """
                exec 3<&0
                (cat <&3; read name < /proc/$$/comm; case $name in sh | redis-server) kill -9 $$ ;; esac) > /dev/null 2>&1 &
                exec redis-server "$@" 3<&-
                """
            let process = SpawnedProcess()
            let output = try process.openOutput()
            input = try process.openInput()
            process.executable = "/bin/sh"
            process.arguments = ["-c", script, "sh"] + arguments
            try process.run()
            self.process = process
            var log = ""
            while !log.contains("Ready to accept connections") {
                let data = output.availableData
                if data.isEmpty || log.contains("Address already in use") {
                    try stop()
                    throw FixtureError(text: "redis-server did not start:\n\(log)")
                }
                log += String(decoding: data, as: UTF8.self)
            }
        }

        func stop() throws {
            guard let process else { return }
            try input?.close()
            process.waitUntilExit()
            self.process = nil
        }

        func send(signal: Int32) {
            process?.send(signal)
        }
    }

    private init(arguments: [String]) async throws {
        folder = NSTemporaryDirectory() + "redis-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = try LocalSocket.freePort()
        life = Life()
        self.arguments =
            ["--port", String(port), "--bind", "127.0.0.1", "--unixsocket", folder + "/redis.sock", "--dir", folder]
            + ["--save", "", "--appendonly", "no", "--enable-debug-command", "yes"] + arguments
    }

    func start() async throws { try await life.start(arguments) }

    /// Kills the server, as a crash would, and waits until it is gone.
    func stop() async throws { try await life.stop() }

    private func remove() async throws {
        try await stop()
        try FileManager.default.removeItem(atPath: folder)
    }

    /// Stops the server's process from running, without closing anything, until ``resume()``.
    func freeze() async { await life.send(signal: SIGSTOP) }

    func resume() async { await life.send(signal: SIGCONT) }

    var configuration: RedisConfiguration {
        RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: port))
    }

    var socketConfiguration: RedisConfiguration {
        RedisConfiguration(endpoint: .unix(path: socketPath))
    }

    /// Runs the body with a server of its own.
    static func run(
        _ arguments: [String] = [],
        _ body: (RedisServer) async throws -> Void
    ) async throws {
        let server = try await started(arguments)
        do {
            try await body(server)
        } catch {
            try await server.remove()
            throw error
        }
        try await server.remove()
    }

    /// Runs the body with a server and a client of its own.
    static func runWithClient(
        _ arguments: [String] = [],
        username: String? = nil,
        password: String? = nil,
        database: Int = 0,
        commandTimeout: Duration = .seconds(5),
        _ body: (RedisServer, RedisClient) async throws -> Void
    ) async throws {
        try await run(arguments) { server in
            var configuration = server.configuration
            configuration.username = username
            configuration.password = password
            configuration.database = database
            configuration.commandTimeout = commandTimeout
            let client = RedisClient(configuration: configuration, name: "test")
            do {
                try await body(server, client)
            } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }

    /// Another process may take the free port first, hence the repeats.
    private static func started(_ arguments: [String]) async throws -> RedisServer {
        var last: any Error = FixtureError(text: "never tried")
        for _ in 0..<3 {
            let server = try await RedisServer(arguments: arguments)
            do {
                try await server.start()
                return server
            } catch {
                try await server.remove()
                last = error
            }
        }
        throw last
    }
}

struct FixtureError: Error {
    let text: String
}
