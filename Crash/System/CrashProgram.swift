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
        var isEndExpected = false
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

    /// Whether somebody meant it to end.
    var isEndExpected: Bool { state.withLock { $0.isEndExpected } }

    var isRunning: Bool { child.map { $0.exit == nil } ?? false }

    /// - Parameter extra: variables of this start alone.
    func start(_ extra: [String: String] = [:]) async throws -> ChildProcess {
        state.withLock { state in
            state.starts += 1
            state.isEndExpected = false
        }
        var command = command
        command.environment.merge(extra) { $1 }
        if role == .worker { command.environment["WORKER_NAME"] = workerName }
        let child = try await ChildProcess.start(command)
        state.withLock { $0.child = child }
        return child
    }

    func send(_ signal: Int32) { child?.send(signal) }

    func kill() async {
        state.withLock { $0.isEndExpected = true }
        await child?.stop([])
    }

    /// SIGTERM; how it ended, nil when it had to be killed after `limit`.
    func stop(within limit: Duration) async -> ChildExit? {
        state.withLock { $0.isEndExpected = true }
        guard let child else { return .exited(0) }
        child.send(SIGCONT)
        child.send(SIGTERM)
        if let exit = await child.waitForExit(within: limit) { return exit }
        await child.stop([])
        return nil
    }
}
