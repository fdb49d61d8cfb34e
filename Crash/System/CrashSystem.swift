// The whole system under test: servers and programs as processes, and whoever starts a dead one again. `end` may be
// called at any time and in a cancelled task, and leaves no process behind.

import Command
import Foundation
import Postgres
import Queue
import Redis
import Synchronization
import TestKit

/// One running system.
final class CrashSystem: Sendable {
    /// Where things are.
    struct Place: Sendable {
        /// Folder of the built programs.
        let programs: String
        /// Folder of this seed; absolute.
        let directory: String
        let databaseName: String
    }

    let plan: FaultPlan
    let place: Place
    let chronicle = Chronicle()
    let redis: PrivateRedis
    let postgres: SlotPostgres
    let inspector: RedisInspector
    /// Those that the plan steps.
    let clocks: [FaultClock: SteppedClock]
    let tokens = ProductTokens()
    private let environment: [String: String]
    private let apiPorts: [UInt16]
    private let programList: Mutex<[CrashProgram]>
    private let watchers = Mutex<[Task<Void, Never>]>([])

    /// How long until somebody starts a program that ended by itself.
    private static let restartPause = Duration.milliseconds(500)
    /// A program's own word for "a server is away": it is to be started again.
    private static let serverAwayCode: Int32 = 69
    /// What a program ends with whose grace was over before it had drained.
    private static let internalFaultCode: Int32 = 70

    private init(
        plan: FaultPlan, place: Place, redis: PrivateRedis, postgres: SlotPostgres,
        clocks: [FaultClock: SteppedClock]
    ) throws {
        self.plan = plan
        self.place = place
        self.redis = redis
        self.postgres = postgres
        self.clocks = clocks
        inspector = RedisInspector(
            client: RedisClient(configuration: try RedisConfiguration(url: redis.url), name: "inspector"))
        let own = [
            "PATH": "/usr/bin:/bin", "REDIS_URL": redis.url,
            "DATABASE_URL": postgres.server.url(database: place.databaseName), "API_TOKENS": tokens.variable,
            "LOG_LEVEL": "info", "AVENTORA_WEBHOOK_SECRET": tokens.receiver, "OUTBOUND_ALLOW": "127.0.0.1",
            "CRM_WEBHOOK_RETRY_DELAY_SECONDS": "1", "CRM_WEBHOOK_RETRY_COUNT": "30",
            "CRM_WEBHOOK_TIMEOUT_SECONDS": "\(Scenery.timeoutMilliseconds / 1_000)",
            "WORKER_SHUTDOWN_GRACE_SECONDS": "\(plan.graceSeconds)",
        ]
        environment = own.merging(clocks[.programs]?.environment ?? [:]) { $1 }
        var programs: [CrashProgram] = []
        let counts: [(Role, Int)] = [
            (.api, plan.apiCount), (.worker, plan.workerCount), (.scheduler, plan.schedulerCount),
        ]
        for (role, count) in counts {
            for index in 0..<count {
                programs.append(try Self.program(role, index, environment, place))
            }
        }
        apiPorts = programs.filter { $0.role == .api }.map(\.port)
        programList = Mutex(programs)
    }

    /// Makes everything and starts every program, armed as planned; returns when all are ready.
    static func start(_ plan: FaultPlan, place: Place, postgres: SlotPostgres) async throws -> CrashSystem {
        try PrivateFile.makeDirectory("\(place.directory)/logs")
        var clocks: [FaultClock: SteppedClock] = [:]
        for clock in FaultClock.allCases where plan.steps(clock) {
            clocks[clock] = try SteppedClock(
                file: "\(place.directory)/clock-of-\(clock.rawValue)", programs: place.programs)
        }
        var options = PrivateRedis.Options(directory: "\(place.directory)/redis")
        options.environment = clocks[.redis]?.environment ?? [:]
        let redis = try await PrivateRedis.start(options)
        let system: CrashSystem
        do {
            system = try CrashSystem(plan: plan, place: place, redis: redis, postgres: postgres, clocks: clocks)
        } catch {
            await redis.kill()
            throw error
        }
        do {
            try await postgres.makeDatabase(place.databaseName)
            try await system.migrate()
            try await system.startPrograms()
        } catch {
            await system.end()
            throw error
        }
        return system
    }

    /// `http://` addresses of the APIs.
    var apiURLs: [String] { apiPorts.map { "http://127.0.0.1:\($0)" } }

    var databaseURL: String { postgres.server.url(database: place.databaseName) }

    var programs: [CrashProgram] { programList.withLock { $0 } }

    func program(_ role: Role, _ index: Int) -> CrashProgram? {
        programs.first { $0.role == role && $0.index == index }
    }

    private func migrate() async throws {
        let (exit, output) = try await run("migrate")
        guard exit == .exited(0) else { throw CrashError("aventora migrate failed: \(output)") }
    }

    /// Lets the doctor look at what is in Redis; what it finds is a complaint.
    func examine() async throws {
        let (exit, output) = try await run("doctor")
        if exit != .exited(0) { chronicle.complain("aventora doctor: \(output)") }
    }

    /// One run of `aventora` and the end of what it printed.
    private func run(_ command: String) async throws -> (exit: ChildExit?, output: String) {
        let log = "\(place.directory)/logs/\(command).log"
        let child = try await ChildProcess.start(
            ChildCommand(
                executable: "\(place.programs)/aventora", arguments: [command], environment: environment,
                output: .file(log)))
        let exit = await child.waitForExit(within: .seconds(30))
        if exit == nil { await child.stop([]) }
        return (exit, String((PrivateFile.read(log) ?? "").suffix(1_000)))
    }

    private func startPrograms() async throws {
        for program in programs {
            let isArmed = plan.arming.programs.contains(.init(role: program.role, index: program.index))
            try await launch(program, isArmed ? plan.arming : nil)
        }
        let client = LoopbackClient()
        for program in programs {
            try await Waiting.until("\(program.name) to be ready", within: .seconds(30)) {
                if program.isRunning, await Self.isReady(program, client) { return true }
                // An armed one may have died meanwhile; it comes back.
                return false
            }
        }
    }

    /// Whether `/readyz` answers 200.
    private static func isReady(_ program: CrashProgram, _ client: LoopbackClient) async -> Bool {
        let request = Array("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8)
        do {
            let reply = try await client.exchange(port: program.port, request: request, limitMilliseconds: 2_000) {
                $0.count >= 12
            }
            return reply.starts(with: Array("HTTP/1.1 200".utf8))
        } catch {
            return false  // not listening yet
        }
    }

    /// Starts a program and watches it: one that ends unbidden is started again.
    func launch(_ program: CrashProgram, _ arming: FaultPlan.Arming? = nil) async throws {
        let extra = arming.map { ["AVENTORA_FAULT_POINT": "\($0.point.rawValue):\($0.nth)"] } ?? [:]
        let (child, number) = try await program.start(extra)
        let watcher = Task { await watch(program, child, number, arming) }
        watchers.withLock { $0.append(watcher) }
    }

    /// One more worker.
    func addWorker() async throws {
        let program = try programList.withLock { programs in
            let index = programs.count { $0.role == .worker }
            let program = try Self.program(.worker, index, environment, place)
            programs.append(program)
            return program
        }
        try await launch(program)
    }

    private func watch(
        _ program: CrashProgram, _ child: ChildProcess, _ start: Int, _ arming: FaultPlan.Arming?
    ) async {
        let name = program.workerName
        let exit = await child.waitForExit()
        guard !program.isBidden(start), !Task.isCancelled else { return }
        let number: Int
        if let arming, exit == .signaled(9) {
            chronicle.reach(arming.point.rawValue)
            number = chronicle.begin(program.name, "die at \(arming.point.rawValue)")
            if program.role == .worker {
                let at = chronicle.clock.now
                let held = await claims(of: name)
                chronicle.add(
                    Bereavement(worker: program.name, action: arming.point.rawValue, at: at, held: held))
            }
        } else {
            number = chronicle.begin(program.name, "end")
            if exit != .exited(Self.serverAwayCode) { chronicle.complain("\(program.name) ended by itself: \(exit)") }
        }
        do {
            try await Task.sleep(for: Self.restartPause)
            try await launch(program)
        } catch is CancellationError {
            return
        } catch {
            chronicle.complain("\(program.name) could not be started again: \(error)")
        }
        chronicle.end(number)
    }

    /// What a worker that does nothing any more holds in Redis; nil when Redis could not be asked in time.
    func claims(of worker: String) async -> Set<String>? {
        do {
            // What it sent last is on its way.
            try await Task.sleep(for: .milliseconds(50))
            return try await Waiting.value("Redis to tell", within: .seconds(7)) {
                do { return try await inspector.claims(of: worker) } catch { return nil }
            }
        } catch {
            return nil
        }
    }

    /// SIGTERM to every program, the workers first. What did not end as it should is a complaint.
    func stopPrograms() async {
        for role in [Role.worker, .scheduler, .api] {
            await withDiscardingTaskGroup { group in
                for program in programs where program.role == role && program.isRunning {
                    group.addTask { [self] in await stop(program) }
                }
            }
        }
    }

    /// SIGTERM to one; it has its grace, and its own five seconds to close.
    func stop(_ program: CrashProgram) async {
        switch await program.stop(within: .seconds(plan.graceSeconds + 25)) {
        case .exited(0): break
        // A slow drain may run into the next fault of the plan.
        case .exited(Self.internalFaultCode) where program.wasFrozenAtEnd: break
        case nil: chronicle.complain("\(program.name) did not end by SIGTERM")
        case let exit?: chronicle.complain("\(program.name) ended after SIGTERM with \(exit)")
        }
    }

    /// Ends every process but Postgres, at once.
    func end() async {
        let tasks = watchers.withLock { $0 }
        for task in tasks { task.cancel() }
        for program in programs { await program.kill() }
        for task in tasks { await task.value }
        // A watcher may have started one more before it noticed.
        for program in programs { await program.kill() }
        await inspector.client.shutdown()
        await redis.kill()
    }

    private static func program(
        _ role: Role, _ index: Int, _ environment: [String: String], _ place: Place
    ) throws -> CrashProgram {
        let port = try LoopbackPort.free()
        var values = environment
        if role == .api { values["API_LISTEN"] = "127.0.0.1:\(port)" }
        if role != .api { values["METRICS_LISTEN"] = "127.0.0.1:\(port)" }
        let command = ChildCommand(
            executable: "\(place.programs)/aventora-\(role.rawValue)", environment: values,
            output: .file("\(place.directory)/logs/\(role.rawValue)-\(index).log"))
        return CrashProgram(role: role, index: index, port: port, command: command)
    }
}

/// The suite itself could not go on.
struct CrashError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
