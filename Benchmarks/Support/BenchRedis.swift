import Command
import Foundation
import Redis

/// A private Redis for one measurement: new, with the append-only file forced to disk every second.
struct BenchRedis: Sendable {
    let server: PrivateRedis
    let configuration: RedisConfiguration
    let client: RedisClient

    /// How long the append-only file may take to be rewritten.
    private static let settleLimit = Duration.seconds(60)

    /// Starts one, hands it to `body` and removes it with all its data, whatever happens.
    static func with<Value: Sendable>(
        _ options: BenchOptions, settings: [String] = [], _ body: (BenchRedis) async throws -> Value
    ) async throws -> Value {
        let directory = "\(options.directory)/redis"
        // Of a run that was killed.
        try? FileManager.default.removeItem(atPath: directory)
        var serverOptions = PrivateRedis.Options(directory: directory)
        serverOptions.durability = .everySecond
        // A rewrite of the file takes most of a core for seconds: only when asked for, between measurements.
        serverOptions.settings = settings + ["auto-aof-rewrite-percentage 0"]
        let server = try await PrivateRedis.start(serverOptions)
        do {
            let configuration = try RedisConfiguration(url: server.url)
            let client = RedisClient(configuration: configuration, name: "bench")
            let result: Result<Value, any Error>
            do {
                result = .success(
                    try await body(BenchRedis(server: server, configuration: configuration, client: client)))
            } catch {
                result = .failure(error)
            }
            await client.shutdown()
            try await server.destroy()
            return try result.get()
        } catch {
            await server.kill()
            throw error
        }
    }

    /// Has the append-only file rewritten and waits for it, so that no rewrite falls into the measurement.
    func settle() async throws {
        // A rewrite that the server has begun by itself will do.
        if case .failure(let failure)? = try await client.run([RedisCommand("BGREWRITEAOF")]).first,
            !failure.message.contains("in progress")
        {
            throw BenchError("BGREWRITEAOF: \(failure.message)")
        }
        let clock = ContinuousClock()
        let end = clock.now + Self.settleLimit
        repeat {
            try await clock.sleep(for: .milliseconds(20))
            let busy = try await fields(of: "persistence")
            let flags = ["aof_rewrite_in_progress", "aof_rewrite_scheduled", "aof_pending_bio_fsync"]
            if flags.allSatisfy({ busy[$0] == "0" }) { return }
        } while clock.now < end
        throw BenchError("Redis took longer than \(Self.settleLimit) to rewrite its append-only file")
    }

    /// The processor time that the server has used, in seconds.
    func processorSeconds() async throws -> Double {
        let fields = try await fields(of: "cpu")
        return ["used_cpu_user", "used_cpu_sys"].reduce(0) { $0 + (fields[$1].flatMap { Double($0) } ?? 0) }
    }

    func version() async throws -> String { try await fields(of: "server")["redis_version"] ?? "unknown" }

    /// The lines `name:value` of `INFO`.
    func fields(of section: String) async throws -> [String: String] {
        let text = try await client.run(RedisCommand("INFO", arguments: [section])).string ?? ""
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
