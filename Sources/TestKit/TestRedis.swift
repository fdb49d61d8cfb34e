public import Command
import Foundation
public import Redis

/// One private Redis for all tests of a process; each test keeps to a namespace of its own.
public enum TestRedis {
    private static let server = Task { () throws -> PrivateRedis in
        var options = PrivateRedis.Options(directory: NSTemporaryDirectory() + "aventora-test-redis-\(getpid())")
        options.durability = .never
        return try await PrivateRedis.start(options)
    }

    /// The shared server, started on first use. It dies with the process.
    public static func shared() async throws -> PrivateRedis { try await server.value }

    /// How to reach the shared server.
    public static func configuration() async throws -> RedisConfiguration {
        try RedisConfiguration(url: try await shared().url)
    }

    /// What the keys of one test begin with.
    public static func makeNamespace() -> String { "t\(UInt64.random(in: 0...(.max)))" }
}
