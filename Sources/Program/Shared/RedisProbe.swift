public import Redis

/// Asks Redis whether it answers, on a connection that is made when first asked.
public final class RedisProbe: Sendable {
    private let client: RedisClient

    public init(configuration: RedisConfiguration, name: String) {
        client = RedisClient(configuration: configuration, name: "probe-" + name)
    }

    /// - Throws: when Redis does not answer.
    public func check() async throws { _ = try await client.run(RedisCommand("PING")) }

    /// Closes the connection.
    public func shutdown() async { await client.shutdown() }
}
