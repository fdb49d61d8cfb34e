import Command
import Foundation

/// A private Postgres for a whole benchmark: the programs need one to start, and none of the figures is of it.
struct BenchPostgres: Sendable {
    let server: PrivatePostgres

    /// The processor time that its processes that run now have used, in seconds.
    func processorSeconds() throws -> Double {
        guard let server = server.processIdentifier else { throw BenchError("Postgres has ended") }
        let children = PrivateFile.read("/proc/\(server)/task/\(server)/children") ?? ""
        return children.split(separator: " ").compactMap { Int32($0) }.reduce(0) { sum, child in
            sum + (RunningProgram.processorSeconds(of: child) ?? 0)
        }
    }

    /// What the programs read of the Hub's side.
    private static let hub = """
        create schema hub;
        create table hub.account_settings (domain_name text primary key, settings jsonb not null);
        """

    /// Starts one with the product's schema, hands it to `body` and removes it, whatever happens.
    static func with<Value: Sendable>(
        _ options: BenchOptions, _ body: (BenchPostgres) async throws -> Value
    ) async throws -> Value {
        let server = try await PrivatePostgres.start(
            PrivatePostgres.Options(directory: "\(options.directory)/postgres"))
        do {
            let postgres = BenchPostgres(server: server)
            try await ProgramRun(
                try BenchProgram.path("aventora"), ["migrate"], environment: ["DATABASE_URL": server.url],
                limit: .seconds(60), log: "\(options.directory)/migrate.log"
            ).run()
            try await PsqlDatabase { _ in }.apply(sql: hub, databaseURL: server.url)
            let value = try await body(postgres)
            try await server.destroy()
            return value
        } catch {
            try await server.destroy()
            throw error
        }
    }
}

/// The product's own programs, which lie beside this one.
enum BenchProgram {
    private static let readyLimit = Duration.seconds(30)

    static func path(_ name: String) throws -> String {
        let path = URL(fileURLWithPath: try ProgramRun.ownPath()).deletingLastPathComponent().path + "/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw BenchError("\(name) is not built; build it with: make build")
        }
        return path
    }

    /// Starts one and waits until it says that it is ready.
    ///
    /// - Parameters:
    ///   - port: of its `/readyz`.
    ///   - extra: variables besides those of the two servers.
    ///   - wrapper: a command that runs the program in its own place.
    static func start(
        _ name: String, _ redis: BenchRedis, _ postgres: BenchPostgres, _ options: BenchOptions, port: UInt16,
        _ extra: [String: String], limit: Duration = .seconds(60), wrapper: [String] = []
    ) async throws -> RunningProgram {
        let servers = ["REDIS_URL": redis.server.url, "DATABASE_URL": postgres.server.url]
        let words = wrapper + [try path(name)]
        let program = try await ProgramRun(
            words[0], Array(words.dropFirst()), environment: servers.merging(extra) { $1 }, limit: limit,
            log: "\(options.directory)/\(name).log"
        ).start()
        do {
            try await waitUntilReady(program, port: port, path: "/readyz")
            return program
        } catch {
            await program.kill()
            throw error
        }
    }

    /// Waits until the path is answered with 200.
    static func waitUntilReady(_ program: RunningProgram, port: UInt16, path: String) async throws {
        let clock = ContinuousClock()
        let end = clock.now + readyLimit
        let http = LoopbackHTTP(port: port, limitMilliseconds: 1_000)
        while true {
            try program.checkRuns()
            do {
                if try await http.send(SampleRequest(method: "GET", path: path)).status == 200 { return }
            } catch {
                // Not listening yet.
            }
            guard clock.now < end else { throw BenchError("a program did not become ready") }
            try await clock.sleep(for: .milliseconds(20))
        }
    }
}
