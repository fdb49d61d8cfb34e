import Basics
import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import Command

/// Dev with private servers and stand-ins for the programs; one after the other, since each is a whole system.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct DevRunTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private let folder: TestFolder
    private let lines = Lines()

    init() throws {
        folder = try TestFolder()
        let source = try #require(Bundle.module.url(forResource: "StandIns", withExtension: nil)).path
        try FileManager.default.copyItem(atPath: source, toPath: "\(folder.path)/bin")
        let sample = """
            {"steps":[[{"type":"call.started"}],[{"type":"call.completed","engagement_id":"eng-{{run}}",
            "data":{"status":"completed"}}]]}
            """
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/deploy/sample", withIntermediateDirectories: true
        )
        try sample.write(toFile: "\(folder.path)/deploy/sample/call.json", atomically: true, encoding: .utf8)
        try "create schema hub; create table hub.seen (at int); insert into hub.seen values (1);"
            .write(toFile: "\(folder.path)/deploy/sample/hub.sql", atomically: true, encoding: .utf8)
    }

    private var data: String { "\(folder.path)/data" }

    private func options(_ environment: [String: String] = [:]) throws -> DevOptions {
        var options = DevOptions()
        options.port = try LoopbackPort.free()
        options.directory = data
        options.programs = "\(folder.path)/bin"
        options.sample = "\(folder.path)/deploy/sample"
        options.environment = environment.merging([
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "METRICS_LISTEN": "0",
        ]) { own, _ in own }
        return options
    }

    private func run(_ options: DevOptions) -> DevRun {
        DevRun(options: options, database: PsqlDatabase { _ in }, logger: Logger(label: "test")) { [lines] in
            lines.add($0)
        }
    }

    private func noted(_ name: String) -> Int32? {
        PrivateFile.read("\(data)/run/\(name).pid")?.split(separator: " ").first.flatMap { Int32($0) }
    }

    /// Runs dev until `body` returns, then stops it like a signal does.
    private func whileRunning(_ options: DevOptions, _ body: () async throws -> Void) async throws {
        let (signals, signaller) = AsyncStream<Void>.makeStream()
        let run = run(options)
        let task = Task { try await run.run(signals: signals) }
        let isReady = await Poll.until(within: .seconds(60)) { PrivateFile.read("\(data)/dev.env") != nil }
        #expect(isReady)
        do { if isReady { try await body() } } catch { Issue.record(error) }
        signaller.yield()
        try await task.value
        #expect(PrivateFile.read("\(data)/dev.env") == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/run") == [])
    }

    private func devEnvironment() throws -> [String: String] { try EnvironmentFile.read("\(data)/dev.env") }

    @Test func deliversTheSampleAndEndsAndKeepsItsDataForASecondRun() async throws {
        var options = try options()
        options.exitsAfterSample = true
        try await run(options).run(signals: AsyncStream { _ in })
        #expect(lines.all.count { $0.hasPrefix("sample: ") } == 3)
        #expect(lines.all.contains("page: http://127.0.0.1:\(options.port ?? 0)/"))
        let secrets = PrivateFile.read("\(data)/secrets.env")
        options.exitsAfterSample = false
        options.postsSample = false
        try await whileRunning(options) {
            let database = PsqlDatabase { _ in }
            let values = try devEnvironment()
            let keys: Set = [
                "API_URL", "REDIS_URL", "DATABASE_URL", "API_TOKENS", "SECRETS_KEY", "AVENTORA_WEBHOOK_SECRET",
            ]
            #expect(Set(values.keys) == keys)
            #expect(values.values.allSatisfy { !$0.isEmpty })
            let mode = try FileManager.default.attributesOfItem(atPath: "\(data)/dev.env")[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try await database.hasSchema("hub", databaseURL: values["DATABASE_URL"] ?? ""))
            let rows = try await PsqlSession(
                client: PostgresBinaries.find(major: nil).client, databaseURL: values["DATABASE_URL"] ?? ""
            ).run("select (select count(*) from hub.seen), (select count(*) from crm.aventora_engagement)")
            #expect(rows == "1\t1")
        }
        #expect(PrivateFile.read("\(data)/secrets.env") == secrets)
    }

    @Test(arguments: ["api", "worker-2", "scheduler", "redis", "postgres"])
    func killedChildIsStartedAgain(name: String) async throws {
        var options = try options()
        options.postsSample = false
        try await whileRunning(options) {
            let before = try devEnvironment()
            let first = try #require(noted(name))
            #expect(kill(first, SIGKILL) == 0)
            let isBack = await Poll.until(within: .seconds(20)) {
                noted(name).map { $0 != first && ProcessTable.startTicks(of: $0) != nil } ?? false
            }
            #expect(isBack)
            #expect(try devEnvironment() == before)
            if name == "postgres" {
                let session = PsqlSession(
                    client: try PostgresBinaries.find(major: nil).client, databaseURL: before["DATABASE_URL"] ?? ""
                )
                #expect(try await session.run("select count(*) from hub.seen") == "1")
            }
        }
    }

    @Test func missingRowFailsTheSample() async throws {
        var options = try options(["STAND_IN_ROW": "no"])
        options.exitsAfterSample = true
        options.sampleLimit = .seconds(1)
        let run = run(options)
        let error = await #expect(throws: CommandError.self) { try await run.run(signals: AsyncStream { _ in }) }
        #expect(error?.code.exitCode == 1)
        #expect(error?.message.hasPrefix("the receiver's row of eng-") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/run") == [])
    }

    @Test func badConfigurationOfAProgramEndsTheRun() async throws {
        let run = run(try options(["STAND_IN_WORKER": "misconfigured"]))
        let error = await #expect(throws: CommandError.self) { try await run.run(signals: AsyncStream { _ in }) }
        #expect(error?.code.exitCode == 78)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/run") == [])
    }

    @Test func secondSignalKillsAStubbornWorker() async throws {
        var options = try options(["STAND_IN_WORKER": "stubborn"])
        options.postsSample = false
        let (signals, signaller) = AsyncStream<Void>.makeStream()
        let run = run(options)
        let task = Task { try await run.run(signals: signals) }
        let isReady = await Poll.until(within: .seconds(60)) { PrivateFile.read("\(data)/dev.env") != nil }
        #expect(isReady)
        let begin = ContinuousClock.now
        signaller.yield()
        let isDraining = await Poll.until(within: .seconds(20)) { noted("api") == nil }
        #expect(isDraining)
        #expect(noted("worker-1") != nil)
        signaller.yield()
        try await task.value
        #expect(ContinuousClock.now - begin < .seconds(20))
    }

    @Test func takenPortIsAConflictWhenAskedForAndPassedOverWhenNot() async throws {
        let socket = try LoopbackSocket()
        var options = try options()
        options.port = try socket.bind(port: 0)
        let run = run(options)
        let error = await #expect(throws: CommandError.self) { try await run.run(signals: AsyncStream { _ in }) }
        #expect(error?.message == "port \(options.port ?? 0) of 127.0.0.1 is taken")
        #expect(error?.code.exitCode == 69)
    }

    @Test func secondDevOnTheFolderIsRefused() async throws {
        var options = try options()
        options.postsSample = false
        try await whileRunning(options) {
            let error = await #expect(throws: CommandError.self) {
                try await run(options).run(signals: AsyncStream { _ in })
            }
            #expect(error?.code.exitCode == 69)
            #expect(error?.message.hasPrefix("another aventora dev") == true)
            let count = try devEnvironment().count
            #expect(count == 6)
        }
    }

    @Test func givenServersAreUsedAndNotStarted() async throws {
        let redis = try await PrivateRedis.start(.init(directory: "\(folder.path)/own"))
        var options = try options(["REDIS_URL": redis.url])
        options.postsSample = false
        try await whileRunning(options) {
            #expect(noted("redis") == nil)
            let url = try devEnvironment()["REDIS_URL"]
            #expect(url == redis.url)
        }
        #expect(redis.processIdentifier != nil)
        await redis.stop()
    }

    @Test func missingProgramIsNamed() async throws {
        try FileManager.default.removeItem(atPath: "\(folder.path)/bin/aventora-worker")
        let run = run(try options())
        let error = await #expect(throws: CommandError.self) { try await run.run(signals: AsyncStream { _ in }) }
        #expect(error?.code == .missingProgram)
        #expect(error?.message.contains("aventora-worker") == true)
    }

    /// The built command itself, as root and as an ordinary user.
    private func startProgram(_ account: ServiceAccount?) async throws -> ChildProcess {
        let built = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("aventora").path
        try FileManager.default.copyItem(atPath: built, toPath: "\(folder.path)/bin/aventora")
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
        let environment = try options().environment
        return try await ChildProcess.start(
            ChildCommand(
                executable: "\(folder.path)/bin/aventora",
                arguments: ["dev", "--no-sample", "--port", "\(try LoopbackPort.free())", "--data", data],
                environment: environment,
                workingDirectory: folder.path, output: .file("\(folder.path)/output"), account: account
            )
        )
    }

    private static let accounts: [ServiceAccount?] =
        geteuid() == 0 ? [nil, ServiceAccount.named("nobody")] : [nil]

    @Test(arguments: accounts)
    func programRunsUntilInterrupted(account: ServiceAccount?) async throws {
        let program = try await startProgram(account)
        let isRunning = await Poll.until(within: .seconds(60)) {
            PrivateFile.read("\(folder.path)/output")?.contains("running; Ctrl-C stops") == true
        }
        #expect(isRunning, "\(PrivateFile.read("\(folder.path)/output") ?? "no output")")
        program.send(SIGINT)
        #expect(await program.waitForExit(within: .seconds(40)) == .exited(0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/run") == [])
    }

    @Test func childrenDieWithAKilledProgramAndTheNextRunStarts() async throws {
        let program = try await startProgram(nil)
        let isReady = await Poll.until(within: .seconds(60)) { PrivateFile.read("\(data)/dev.env") != nil }
        #expect(isReady)
        let names = ["api", "worker-1", "worker-2", "scheduler", "redis", "postgres"]
        let processes = names.compactMap(noted)
        #expect(processes.count == 6)
        program.send(SIGKILL)
        _ = await program.waitForExit()
        let areGone = await Poll.until(within: .seconds(20)) {
            processes.allSatisfy { ProcessTable.startTicks(of: $0) == nil }
        }
        #expect(areGone)
        #expect(PrivateFile.read("\(data)/dev.env") != nil)
        PrivateFile.remove("\(data)/dev.env")
        var options = try options()
        options.postsSample = false
        try await whileRunning(options) {
            let count = try devEnvironment().count
            #expect(count == 6)
        }
    }
}
