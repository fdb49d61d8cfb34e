public import Command
import Foundation
public import Redis

/// One private Redis for all tests of a process; each test keeps to a namespace of its own.
public enum TestRedis {
    private static let server = Task { () throws -> PrivateRedis in
        // As every program does; else a write to a process or a server that has ended would end the whole test run.
        _ = signal(SIGPIPE, SIG_IGN)
        var options = PrivateRedis.Options(directory: directory)
        options.durability = .never
        atexit { try? FileManager.default.removeItem(atPath: TestRedis.directory) }
        return try await PrivateRedis.start(options)
    }

    private static var directory: String { NSTemporaryDirectory() + "aventora-test-redis-\(getpid())" }

    /// The shared server, started on first use. It dies with the process, and its folder goes at the process's exit.
    public static func shared() async throws -> PrivateRedis { try await server.value }

    /// How to reach the shared server.
    public static func configuration() async throws -> RedisConfiguration {
        try RedisConfiguration(url: try await shared().url)
    }

    /// The shared server's address.
    public static func url() async throws -> String { try await shared().url }

    /// What the keys of one test begin with.
    public static func makeNamespace() -> String { "t\(UInt64.random(in: 0...(.max)))" }
}
