import Command
import Glibc
import Redis
import TestKit

/// Does to a system what its plan says.
struct Injector: Sendable {
    let system: CrashSystem

    private var chronicle: Chronicle { system.chronicle }

    /// Runs all faults at their times and returns when the last one is undone.
    func run() async throws {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for planned in system.plan.faults {
                group.addTask {
                    try await Task.sleep(until: start + .milliseconds(planned.atMilliseconds))
                    try await inject(planned)
                }
            }
            try await group.waitForAll()
        }
    }

    private func inject(_ planned: PlannedFault) async throws {
        let pause = Duration.milliseconds(planned.lastsMilliseconds)
        let fault = planned.fault
        switch fault {
        case .kill(let role, let index): try await kill(role, index, pause)
        case .freeze(let role, let index): try await freeze(role, index, pause)
        case .replace(let index): try await replace(index)
        case .scaleUp: try await system.addWorker()
        case .scaleDown(let index): await scaleDown(index)
        case .stepClock(let clock, let seconds): try await step(clock, seconds, fault, pause)
        case .killRedis, .restartRedis, .freezeRedis, .fillRedis, .killPostgres, .restartPostgres, .freezePostgres:
            let number = chronicle.begin(fault.subject, fault.action)
            try await disturb(fault, pause)
            chronicle.end(number)
        }
    }

    private func disturb(_ fault: Fault, _ pause: Duration) async throws {
        switch fault {
        case .killRedis:
            await system.redis.kill()
            try await Task.sleep(for: pause)
            try await system.redis.start()
        case .restartRedis:
            await system.redis.stop()
            try await Task.sleep(for: pause)
            try await system.redis.start()
        case .freezeRedis:
            system.redis.freeze()
            defer { system.redis.thaw() }
            try await Task.sleep(for: pause)
        case .fillRedis:
            // Less than it uses: every write that needs memory is refused.
            try await system.inspector.limitMemory(bytes: 1)
            try await Task.sleep(for: pause)
            try await system.inspector.limitMemory(bytes: 0)
        case .killPostgres:
            await system.postgres.server.kill()
            try await Task.sleep(for: pause)
            try await system.postgres.server.start()
        case .restartPostgres:
            await system.postgres.server.stop()
            try await Task.sleep(for: pause)
            try await system.postgres.server.start()
        case .freezePostgres:
            system.postgres.freeze()
            defer { system.postgres.thaw() }
            try await Task.sleep(for: pause)
        default:
            throw CrashError("\(fault) is no fault of a server")
        }
    }

    private func kill(_ role: Role, _ index: Int, _ pause: Duration) async throws {
        guard let program = system.program(role, index), program.isRunning else { return }
        let number = chronicle.begin(program.name, "kill")
        let name = program.workerName
        await program.kill()
        let at = chronicle.clock.now
        if role == .worker {
            let held = await system.claims(of: name)
            chronicle.add(Bereavement(worker: program.name, action: "kill", at: at, held: held))
        }
        try await Task.sleep(for: max(.zero, pause - .milliseconds(chronicle.clock.now - at)))
        try await system.launch(program)
        chronicle.end(number)
    }

    private func freeze(_ role: Role, _ index: Int, _ pause: Duration) async throws {
        guard let program = system.program(role, index), program.isRunning else { return }
        let number = chronicle.begin(program.name, "freeze")
        program.send(SIGSTOP)
        defer { program.send(SIGCONT) }
        let at = chronicle.clock.now
        var bereavement = Bereavement(worker: program.name, action: "freeze", at: at)
        if role == .worker { bereavement.held = await system.claims(of: program.workerName) }
        try await Task.sleep(for: max(.zero, pause - .milliseconds(chronicle.clock.now - at)))
        if role == .worker, let held = bereavement.held {
            if let still = await system.claims(of: program.workerName) { bereavement.taken = held.subtracting(still) }
            bereavement.staleBefore = await staleCount()
            // Shorter than the lease, it lost nothing and nothing is to be recovered.
            let isLong = pause >= .milliseconds(FaultPlan.freezeMilliseconds.lowerBound)
            if isLong || !bereavement.taken.isEmpty { chronicle.add(bereavement) }
        }
        program.send(SIGCONT)
        chronicle.end(number)
    }

    private func step(_ name: FaultClock, _ seconds: Int64, _ fault: Fault, _ pause: Duration) async throws {
        guard let clock = system.clocks[name] else { throw CrashError("\(fault) has no clock to step") }
        let number = chronicle.begin(fault.subject, fault.action)
        try clock.step(to: seconds)
        try await Task.sleep(for: pause)
        try clock.step(to: 0)
        chronicle.end(number)
    }

    /// Results refused for their fence so far, over all queues.
    func staleCount() async -> Int64? {
        var sum: Int64 = 0
        for queue in RedisInspector.queues {
            do { sum += try await system.inspector.counters(of: queue)["stale"] ?? 0 } catch { return nil }
        }
        return sum
    }

    private func replace(_ index: Int) async throws {
        guard let program = system.program(.worker, index), program.isRunning else { return }
        let number = chronicle.begin(program.name, "replace")
        await system.stop(program)
        try await system.launch(program)
        chronicle.end(number)
    }

    private func scaleDown(_ index: Int) async {
        guard let program = system.program(.worker, index), program.isRunning else { return }
        // Its disturbance has no end: the worker is away for good.
        _ = chronicle.begin(program.name, "scale down")
        await system.stop(program)
    }
}
