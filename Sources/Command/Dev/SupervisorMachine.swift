// What the supervisor decides, apart from processes, clocks and threads: events and times go in, actions come out.
//
// A child is always in one of: launching, running, waiting for its next start, ended for good. Stopping goes stage by
// stage, the lowest first; a stage ends when all its children have ended. A timer that comes late, for a state that has
// passed, is ignored.

import Glibc

/// The supervisor's decisions as a pure state machine.
package struct SupervisorMachine: Sendable {
    /// What the machine has to know of a child.
    package struct Child: Hashable, Sendable {
        package let name: String
        /// Children of a lower stage end first.
        package let stage: Int
        /// The signals that end it, in turn; SIGKILL follows by itself.
        package let stopSteps: [StopStep]

        package init(name: String, stage: Int, stopSteps: [StopStep]) {
            self.name = name
            self.stage = stage
            self.stopSteps = stopSteps
        }
    }

    package enum Event: Hashable, Sendable {
        /// A child is to be kept running; `isRunning` when it has been started already.
        case added(Child, isRunning: Bool)
        case launched(String)
        case launchFailed(String)
        case exited(String, ChildExit)
        case restartDue(String)
        /// The child's stop step of this index has had its time.
        case stopLimitReached(String, step: Int)
        case stopRequested
        /// Everything is to end at once.
        case killRequested
    }

    package enum Action: Hashable, Sendable {
        case launch(String)
        case signal(String, Int32)
        case wakeForRestart(String, afterMilliseconds: Int64)
        case wakeForStop(String, step: Int, afterMilliseconds: Int64)
        /// A child ended in a way that starting it again cannot mend.
        case giveUp(String, ChildExit)
        /// Every child has ended.
        case finish
    }

    private enum Phase: Hashable { case running, stopping(stage: Int), killing, finished }

    private enum State: Hashable { case launching, running(since: Int64), waiting, ended }

    private struct Entry {
        let child: Child
        var state: State
        var backoff = RestartBackoff()
        var stopStep: Int?
    }

    private var entries: [String: Entry] = [:]
    private var phase = Phase.running

    package init() {}

    /// The children that run now.
    package var running: Set<String> {
        Set(entries.values.filter { if case .running = $0.state { true } else { false } }.map(\.child.name))
    }

    /// - Parameter now: milliseconds of any clock that never goes back.
    package mutating func handle(_ event: Event, now: Int64) -> [Action] {
        if phase == .finished { return [] }
        switch event {
        case .added(let child, let isRunning): return add(child, isRunning: isRunning, now: now)
        case .launched(let name): return launched(name, now: now)
        case .launchFailed(let name): return ended(name, nil, now: now)
        case .exited(let name, let exit): return ended(name, exit, now: now)
        case .restartDue(let name): return restart(name)
        case .stopLimitReached(let name, let step): return escalate(name, step: step)
        case .stopRequested: return stop()
        case .killRequested: return killAll()
        }
    }

    private mutating func add(_ child: Child, isRunning: Bool, now: Int64) -> [Action] {
        entries[child.name] = Entry(child: child, state: isRunning ? .running(since: now) : .launching)
        if phase == .running { return isRunning ? [] : [.launch(child.name)] }
        guard isRunning else {
            entries[child.name]?.state = .ended
            return advance()
        }
        return signalIfDue(child.name)
    }

    private mutating func launched(_ name: String, now: Int64) -> [Action] {
        entries[name]?.state = .running(since: now)
        return signalIfDue(name)
    }

    private mutating func ended(_ name: String, _ exit: ChildExit?, now: Int64) -> [Action] {
        guard var entry = entries[name] else { return [] }
        guard phase == .running else {
            entries[name]?.state = .ended
            return advance()
        }
        if let exit, Self.isFinal(exit) {
            entries[name]?.state = .ended
            return [.giveUp(name, exit)]
        }
        var ran: Int64 = 0
        if case .running(let since) = entry.state { ran = now - since }
        entry.state = .waiting
        let pause = entry.backoff.pauseMilliseconds(ranMilliseconds: ran)
        entries[name] = entry
        return [.wakeForRestart(name, afterMilliseconds: pause)]
    }

    private mutating func restart(_ name: String) -> [Action] {
        guard phase == .running, entries[name]?.state == .waiting else { return [] }
        entries[name]?.state = .launching
        return [.launch(name)]
    }

    private mutating func stop() -> [Action] {
        guard phase == .running else { return [] }
        for (name, entry) in entries where entry.state == .waiting { entries[name]?.state = .ended }
        phase = .stopping(stage: .min)
        return advance()
    }

    private mutating func killAll() -> [Action] {
        phase = .killing
        for (name, entry) in entries where entry.state == .waiting { entries[name]?.state = .ended }
        return running.sorted().map { .signal($0, SIGKILL) } + advance()
    }

    /// Goes to the next stage that has children left, when the present one has none.
    private mutating func advance() -> [Action] {
        let left = entries.values.filter { $0.state != .ended }
        guard let lowest = left.map(\.child.stage).min() else {
            phase = .finished
            return [.finish]
        }
        guard case .stopping(let stage) = phase, lowest > stage else { return [] }
        phase = .stopping(stage: lowest)
        return left.filter { $0.child.stage == lowest }.map(\.child.name).sorted().flatMap { signalIfDue($0) }
    }

    /// The first stop signal of a running child whose turn it is; a child of a stage that has passed is late and ends
    /// with it.
    private mutating func signalIfDue(_ name: String) -> [Action] {
        guard let entry = entries[name], case .running = entry.state else { return [] }
        switch phase {
        case .running, .finished: return []
        case .killing: return [.signal(name, SIGKILL)]
        case .stopping(let stage): return entry.child.stage <= stage && entry.stopStep == nil ? step(name, 0) : []
        }
    }

    private mutating func escalate(_ name: String, step index: Int) -> [Action] {
        guard let entry = entries[name], case .running = entry.state, entry.stopStep == index else { return [] }
        return step(name, index + 1)
    }

    private mutating func step(_ name: String, _ index: Int) -> [Action] {
        guard let entry = entries[name] else { return [] }
        entries[name]?.stopStep = index
        guard index < entry.child.stopSteps.count else { return [.signal(name, SIGKILL)] }
        let step = entry.child.stopSteps[index]
        return [
            .signal(name, step.signal),
            .wakeForStop(name, step: index, afterMilliseconds: step.limitMilliseconds),
        ]
    }

    /// Bad configuration and bad usage do not get better by themselves.
    private static func isFinal(_ exit: ChildExit) -> Bool { exit == .exited(78) || exit == .exited(64) }
}
