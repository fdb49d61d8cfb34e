import Command
import Glibc
import Synchronization

/// One program as a real process that is killed, frozen and started again.
///
/// Starts and stops are for one caller at a time, which the plan sees to; signals are for any.
final class CrashProgram: Sendable {
    private struct State {
        var child: ChildProcess?
        var starts = 0
        /// Starts whose end somebody wants.
        var bidden: Set<Int> = []
        /// Starts that were frozen while they were ending.
        var frozenAtEnd: Set<Int> = []
    }

    let role: Role
    let index: Int
    let port: UInt16
    private let command: ChildCommand
    private let state = Mutex(State())

    init(role: Role, index: Int, port: UInt16, command: ChildCommand) {
        self.role = role
        self.index = index
        self.port = port
        self.command = command
    }

    /// Such as `worker-1`.
    var name: String { "\(role.rawValue)-\(index)" }

    /// What the worker of the present start calls itself, but for the random part at the end.
    var workerName: String { state.withLock { "w\(index)s\($0.starts)" } }

    var child: ChildProcess? { state.withLock { $0.child } }

    var isRunning: Bool { child.map { $0.exit == nil } ?? false }

    /// Whether somebody wanted that start to end.
    func isBidden(_ start: Int) -> Bool { state.withLock { $0.bidden.contains(start) } }

    /// Starts it; with the number of this start, from 1.
    ///
    /// - Parameter extra: variables of this start alone.
    func start(_ extra: [String: String] = [:]) async throws -> (child: ChildProcess, number: Int) {
        let number = state.withLock { state in
            state.starts += 1
            return state.starts
        }
        var command = command
        command.environment.merge(extra) { $1 }
        if role == .worker { command.environment["WORKER_NAME"] = workerName }
        let child = try await ChildProcess.start(command)
        state.withLock { $0.child = child }
        return (child, number)
    }

    func send(_ signal: Int32) {
        if signal == SIGSTOP {
            state.withLock { state in
                if state.bidden.contains(state.starts) { state.frozenAtEnd.insert(state.starts) }
            }
        }
        child?.send(signal)
    }

    /// Whether the present start was frozen after it had been told to end: its grace may have passed meanwhile.
    var wasFrozenAtEnd: Bool { state.withLock { $0.frozenAtEnd.contains($0.starts) } }

    func kill() async {
        state.withLock { _ = $0.bidden.insert($0.starts) }
        await child?.stop([])
    }

    /// SIGTERM; how it ended, nil when it had to be killed after `limit`.
    func stop(within limit: Duration) async -> ChildExit? {
        state.withLock { _ = $0.bidden.insert($0.starts) }
        guard let child else { return .exited(0) }
        child.send(SIGCONT)
        child.send(SIGTERM)
        if let exit = await child.waitForExit(within: limit) { return exit }
        await child.stop([])
        return nil
    }
}
