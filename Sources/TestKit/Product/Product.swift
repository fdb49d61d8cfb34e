// The product as its users have it: the built programs as processes, real sockets, a Redis of its own that forces every
// write to disk, and a database of its own. Nothing of it runs in this process. `stop` ends everything and removes every
// file; `Product.run` sees to it that it is called.

import Basics
package import Command
import Curl
import Foundation
import Glibc
package import Postgres
import Threads

/// A running product.
package final class Product: Sendable {
    /// The one that the tests of a scope share.
    @TaskLocal package static var current: Product?

    package let redis: PrivateRedis
    package let postgres: PrivatePostgres
    package let tokens: ProductTokens
    package let api: ProductProcess
    package let scheduler: ProductProcess?
    /// A caller with every scope.
    package let client: ProductClient
    /// The database, for the test's own look at tables.
    package let database: PostgresPool
    private let curl: CurlClient
    private let directory: String
    private let databaseName: String
    private let environment: [String: String]
    private let ownsPostgres: Bool
    private let workerList = Locked<[ProductProcess]>([])
    private let laterSchedulerList = Locked<[ProductProcess]>([])
    private let secretList = Locked<[String]>([])

    /// Runs `body` with a product, which is gone afterwards whatever happened.
    ///
    /// - Returns: what the programs did wrong besides: see ``stop()``.
    package static func run(
        _ options: ProductOptions = ProductOptions(), _ body: (Product) async throws -> Void
    ) async throws -> [String] {
        let product = try await start(options)
        do {
            try await body(product)
        } catch {
            _ = await product.stop()
            throw error
        }
        return await product.stop()
    }

    private init(_ ground: Ground, _ options: ProductOptions) throws {
        (redis, postgres, directory) = (ground.redis, ground.postgres, ground.directory)
        (databaseName, ownsPostgres) = (ground.databaseName, options.ownsPostgres)
        tokens = ProductTokens()
        let port = try LoopbackPort.free()
        var values = [
            "PATH": "/usr/bin:/bin", "REDIS_URL": redis.url, "DATABASE_URL": postgres.url(database: databaseName),
            "API_LISTEN": "127.0.0.1:\(port)", "API_TOKENS": tokens.variable, "LOG_LEVEL": "debug",
            "AVENTORA_WEBHOOK_SECRET": tokens.receiver, "SECRETS_KEY": tokens.secretsKey,
            "CRM_WEBHOOK_RETRY_DELAY_SECONDS": "1",
            "CALL_LOG_DEBOUNCE_SECONDS": "1", "CALL_LOG_DEBOUNCE_MAX_SECONDS": "3",
            // Longer than a busy machine may keep a target from answering: a request given up is delivered again.
            "CRM_WEBHOOK_TIMEOUT_SECONDS": "15",
            // The fake targets, whatever their ports, and the built-in receiver.
            "OUTBOUND_ALLOW": "127.0.0.1,127.0.0.1:\(port)",
        ]
        values.merge(options.environment) { $1 }
        environment = values
        curl = CurlClient()
        client = ProductClient(curl: curl, url: "http://127.0.0.1:\(port)", token: tokens.all)
        database = PostgresPool(
            configuration: try PostgresConfiguration(url: postgres.url(database: databaseName)), size: 2)
        api = Self.process("api", "aventora-api", port: port, values, directory)
        scheduler =
            options.hasScheduler
            ? Self.process("scheduler", "aventora-scheduler", port: try LoopbackPort.free(), values, directory) : nil
        let secrets = [
            tokens.all, tokens.poster, tokens.reader, tokens.receiver, tokens.secretsKey, redis.password,
            postgres.password,
        ]
        secretList.withLock { $0 = secrets }
    }

    /// What there is before the first program.
    private struct Ground {
        let redis: PrivateRedis
        let postgres: PrivatePostgres
        let directory: String
        let databaseName: String
    }

    /// Starts servers and programs and returns when all say that they are ready. About 1.5 s.
    package static func start(_ options: ProductOptions = ProductOptions()) async throws -> Product {
        guard let postgres = options.ownsPostgres ? try await TestPostgres.start(isDurable: true) : TestPostgres.shared
        else { throw WaitExpired(description: "there is no shared Postgres in this scope") }
        let directory = TestFolders.make("product")
        var started: Product?
        do {
            try PrivateFile.makeDirectory("\(directory)/logs")
            let redis = try await PrivateRedis.start(PrivateRedis.Options(directory: "\(directory)/redis"))
            let name = "t" + SecretMaker.hex(byteCount: 6)
            let ground = Ground(redis: redis, postgres: postgres, directory: directory, databaseName: name)
            let product = try Product(ground, options)
            started = product
            try await product.prepareDatabase()
            try await product.startPrograms(options.workers)
            return product
        } catch {
            if let started {
                _ = await started.stop()
            } else {
                try? FileManager.default.removeItem(atPath: directory)
                if options.ownsPostgres { try await postgres.destroy() }
            }
            throw error
        }
    }

    private func prepareDatabase() async throws {
        let server = PostgresPool(configuration: try PostgresConfiguration(url: postgres.url), size: 1)
        do {
            _ = try await server.query(PostgresStatement("make", "CREATE DATABASE \(databaseName)"))
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
        let migration = try await ProgramRun.run("aventora", ["migrate"], environment: environment)
        guard migration.exit == .exited(0) else {
            throw WaitExpired(description: "aventora migrate ended with \(migration.exit): \(migration.output)")
        }
        try await database.execute(try ProgramFolder.sourceText("deploy/sample/hub.sql"))
    }

    private func startPrograms(_ workers: Int) async throws {
        try await api.start()
        try await scheduler?.start()
        for _ in 0..<workers { _ = try await startWorker(isReady: false) }
        for process in processes { try await waitUntilReady(process) }
    }

    /// The variables of every program.
    package var variables: [String: String] { environment }

    /// All programs, the API first.
    package var processes: [ProductProcess] {
        [api] + (scheduler.map { [$0] } ?? []) + laterSchedulerList.withLock { $0 } + workers
    }

    /// The workers in the order of their start, ended ones included.
    package var workers: [ProductProcess] { workerList.withLock { $0 } }

    /// Starts one more worker.
    ///
    /// - Parameters:
    ///   - extra: variables of this worker alone.
    ///   - isReady: whether to wait until it says that it is.
    package func startWorker(_ extra: [String: String] = [:], isReady: Bool = true) async throws -> ProductProcess {
        let port = try LoopbackPort.free()
        let worker = workerList.withLock { workers in
            let name = "worker-\(workers.count + 1)"
            let values = environment.merging(extra) { $1 }
            let worker = Self.process(name, "aventora-worker", port: port, values, directory)
            workers.append(worker)
            return worker
        }
        try await worker.start()
        if isReady { try await waitUntilReady(worker) }
        return worker
    }

    /// Starts one more scheduler and waits until it says that it is ready.
    package func startScheduler() async throws -> ProductProcess {
        let port = try LoopbackPort.free()
        let scheduler = laterSchedulerList.withLock { schedulers in
            let name = "scheduler-\(schedulers.count + 2)"
            let scheduler = Self.process(name, "aventora-scheduler", port: port, environment, directory)
            schedulers.append(scheduler)
            return scheduler
        }
        try await scheduler.start()
        try await waitUntilReady(scheduler)
        return scheduler
    }

    /// Runs `aventora` with the product's variables to its end.
    ///
    /// - Parameter extra: variables over those.
    package func command(
        _ arguments: [String], _ extra: [String: String] = [:]
    ) async throws -> ProgramRun {
        try await ProgramRun.run("aventora", arguments, environment: environment.merging(extra) { $1 })
    }

    /// Waits for 200 from its `/readyz`.
    package func waitUntilReady(_ process: ProductProcess) async throws {
        try await Waiting.until("\(process.name) to be ready", seen: { process.logTail }) {
            guard process.exit == nil else { return false }
            do {
                let request = CurlRequest(method: .get, url: "http://127.0.0.1:\(process.port)/readyz")
                return try await curl.send(request).status == 200
            } catch {
                return false  // not listening yet
            }
        }
    }

    /// Names a text that must not be in any log.
    package func addSecret(_ text: String) { secretList.withLock { $0.append(text) } }

    /// The settings of an account in the Hub.
    package func setAccount(_ domainName: String, _ settings: [String: String]) async throws {
        let members = settings.sorted { $0.key < $1.key }
            .map { JSONObject.Member(key: $0.key, value: .string($0.value)) }
        for (key, value) in settings where key.hasSuffix("_secret") && !value.isEmpty { addSecret(value) }
        _ = try await database.query(
            Self.upsertAccount,
            [.text(domainName), .json(JSONValue.object(JSONObject(members: members)).encoded())])
    }

    private static let upsertAccount = PostgresStatement(
        "test_account",
        """
        INSERT INTO hub_sample.account_settings (domain_name, settings) VALUES ($1, $2)
        ON CONFLICT (domain_name) DO UPDATE SET settings = EXCLUDED.settings
        """)

    /// Ends everything and removes every file and the database. May be called once.
    ///
    /// - Returns: what was wrong with the programs, for a test to report: a log line that is no JSON, that is an error or
    ///   holds a secret, a process that did not end by SIGTERM, a file that could not be removed.
    package func stop() async -> [String] {
        var complaints: [String] = []
        for process in processes.reversed() where await !process.stop() {
            complaints.append("\(process.name) did not end by SIGTERM; \(process.logTail)")
        }
        let secrets = secretList.withLock { $0 }
        for process in processes { complaints += LogAudit(process: process, secrets: secrets).complaints }
        await curl.shutdown()
        await database.shutdown()
        do {
            try keepLogs()
            try await removeDatabase()
            try await redis.destroy()
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            complaints.append("not all was removed: \(error)")
        }
        return complaints
    }

    private func removeDatabase() async throws {
        if ownsPostgres { return try await postgres.destroy() }
        let server = PostgresPool(configuration: try PostgresConfiguration(url: postgres.url), size: 1)
        let result: Result<Void, any Error>
        do {
            _ = try await server.query(PostgresStatement("drop", "DROP DATABASE IF EXISTS \(databaseName) (FORCE)"))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await server.shutdown()
        try result.get()
    }

    /// For a look at what happened: `AVENTORA_TEST_LOGS` names a folder that gets every log.
    private func keepLogs() throws {
        guard let folder = ProcessInfo.processInfo.environment["AVENTORA_TEST_LOGS"] else { return }
        try PrivateFile.makeDirectory(folder)
        let name = URL(fileURLWithPath: directory).lastPathComponent
        try FileManager.default.copyItem(atPath: "\(directory)/logs", toPath: "\(folder)/\(name)")
    }

    private static func process(
        _ name: String, _ program: String, port: UInt16, _ environment: [String: String], _ directory: String
    ) -> ProductProcess {
        var values = environment
        values["METRICS_LISTEN"] = "127.0.0.1:\(port)"
        let log = "\(directory)/logs/\(name).log"
        let command = ChildCommand(
            executable: "\(ProgramFolder.programs)/\(program)", environment: values, output: .file(log))
        return ProductProcess(name: name, port: port, command: command, logPath: log)
    }
}
