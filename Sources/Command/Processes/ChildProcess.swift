// One running child. A task of its own sits in the library's `run` until the process is reaped; everybody else looks at
// the record that this task fills in. Letting go of the last reference cancels the task, which kills the process: a
// forgotten child does not live on.

import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// A process that this one started.
package final class ChildProcess: Sendable {
    /// Its process id; another process may get it once ``exit`` is known.
    package let processIdentifier: Int32
    private let record: ExitRecord
    private let runner: Task<Void, Never>

    private init(processIdentifier: Int32, record: ExitRecord, runner: Task<Void, Never>) {
        self.processIdentifier = processIdentifier
        self.record = record
        self.runner = runner
    }

    deinit { runner.cancel() }

    /// Starts the program; returns when it runs, which says nothing of its being ready.
    ///
    /// - Throws: `.missingProgram` when it cannot be run, `.system` when its output file cannot be opened.
    package static func start(_ command: ChildCommand) async throws(CommandError) -> ChildProcess {
        let output = try open(command.output)
        let record = ExitRecord()
        let configuration = command.configuration()
        let name = command.executable
        let runner = Task.detached {
            do {
                let result = try await Subprocess.run(
                    configuration, input: .none,
                    output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                    error: .fileDescriptor(output, closeAfterSpawningProcess: false)
                ) { execution in
                    record.start(execution.processIdentifier.value)
                }
                record.end(ChildExit(result.terminationStatus))
            } catch {
                record.fail(CommandError(.missingProgram, "cannot run \(name)", underlying: error))
            }
            if output != .standardError, output != .standardOutput { _ = Glibc.close(output.rawValue) }
        }
        let processIdentifier = try await record.started()
        return ChildProcess(processIdentifier: processIdentifier, record: record, runner: runner)
    }

    /// How it ended, or nil while it runs.
    package var exit: ChildExit? { record.exit }

    /// Sends a signal; to a process that has ended, nothing.
    package func send(_ signal: Int32) {
        record.whileRunning { _ = kill(processIdentifier, signal) }
    }

    /// Waits until it has ended. Cancelling the caller's task does not end the wait: whoever needs that sends a signal.
    package func waitForExit() async -> ChildExit {
        await record.ended()
    }

    /// Waits until it has ended, or for `limit`; nil when it still runs then.
    package func waitForExit(within limit: Duration) async -> ChildExit? {
        await record.ended(within: limit)
    }

    /// Sends each signal in turn, waiting for its limit, and at last SIGKILL. Returns once the process has ended;
    /// bounded by the sum of the limits. Works in a cancelled task too.
    package func stop(_ steps: [StopStep]) async {
        for step in steps {
            send(step.signal)
            if await waitForExit(within: .milliseconds(step.limitMilliseconds)) != nil { return }
        }
        send(SIGKILL)
        _ = await waitForExit()
    }

    private static func open(_ output: ChildCommand.Output) throws(CommandError) -> FileDescriptor {
        let path: String
        switch output {
        case .standardError: return .standardError
        case .standardOutput: return .standardOutput
        case .discarded: path = "/dev/null"
        case .file(let file): path = file
        }
        do {
            return try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite
            )
        } catch {
            throw CommandError(.configuration, "cannot write \(path)", underlying: error)
        }
    }
}

/// One step of ending a process: a signal and how long it may take.
package struct StopStep: Hashable, Sendable {
    package let signal: Int32
    package let limitMilliseconds: Int64

    package init(signal: Int32, limitMilliseconds: Int64) {
        self.signal = signal
        self.limitMilliseconds = limitMilliseconds
    }
}
