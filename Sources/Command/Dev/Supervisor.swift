// Runs what the machine decides. One loop takes events in order and performs the actions; launches and timers are
// children of its task group, so that nothing outlives `run()`. Events may be sent from anywhere.

import Glibc
package import Logging
import Threads

/// Keeps children running and ends them in order.
package final class Supervisor: Sendable {
    private enum Message: Sendable {
        case event(SupervisorMachine.Event)
        case add(SupervisedChild, ChildProcess?)
        case launched(String, ChildProcess)
    }

    private let messages: AsyncStream<Message>
    private let outbox: AsyncStream<Message>.Continuation
    private let logger: Logger
    private let leftovers: Leftovers
    private let upNames = Locked<Set<String>>([])
    private let onGiveUp: @Sendable (CommandError) -> Void

    /// - Parameters:
    ///   - leftovers: where the running children are written down.
    ///   - onGiveUp: called once when a child ended with a configuration or usage error; the caller then stops.
    package init(
        leftovers: Leftovers, logger: Logger, onGiveUp: @escaping @Sendable (CommandError) -> Void
    ) {
        (messages, outbox) = AsyncStream.makeStream()
        self.leftovers = leftovers
        self.logger = logger
        self.onGiveUp = onGiveUp
    }

    /// The children that run now.
    package var running: Set<String> { upNames.withLock { $0 } }

    /// Starts a child and keeps it running; with `process`, one that has been started already.
    package func add(_ child: SupervisedChild, process: ChildProcess? = nil) { outbox.yield(.add(child, process)) }

    /// Ends the children stage by stage; ``run()`` then returns.
    package func requestStop() { outbox.yield(.event(.stopRequested)) }

    /// Ends all children at once.
    package func requestKill() { outbox.yield(.event(.killRequested)) }

    /// Runs until every child has ended after ``requestStop()`` or ``requestKill()``. Called once.
    package func run() async {
        await withDiscardingTaskGroup { group in
            var machine = SupervisorMachine()
            var children: [String: SupervisedChild] = [:]
            var processes: [String: ChildProcess] = [:]
            let clock = ContinuousClock()
            let start = clock.now
            for await message in messages {
                var event: SupervisorMachine.Event
                switch message {
                case .event(let plain): event = plain
                case .add(let child, let process):
                    children[child.child.name] = child
                    event = .added(child.child, isRunning: process != nil)
                    if let process { watch(process, child.child.name, &processes, &group) }
                case .launched(let name, let process):
                    event = .launched(name)
                    watch(process, name, &processes, &group)
                }
                note(event)
                let now = (clock.now - start) / .milliseconds(1)
                let actions = machine.handle(event, now: Int64(now))
                upNames.withLock { $0 = machine.running }
                if actions.contains(.finish) { break }
                for action in actions { perform(action, children, processes, &group) }
            }
            group.cancelAll()
        }
    }

    private func watch(
        _ process: ChildProcess, _ name: String, _ processes: inout [String: ChildProcess],
        _ group: inout DiscardingTaskGroup
    ) {
        processes[name] = process
        do {
            try leftovers.note(process.processIdentifier, name: name)
        } catch {
            logger.warning("cannot write down a child", metadata: ["child": "\(name)", "error": "\(error)"])
        }
        group.addTask { [self] in
            let exit = await process.waitForExit()
            leftovers.forget(name)
            outbox.yield(.event(.exited(name, exit)))
        }
    }

    private func perform(
        _ action: SupervisorMachine.Action, _ children: [String: SupervisedChild],
        _ processes: [String: ChildProcess], _ group: inout DiscardingTaskGroup
    ) {
        switch action {
        case .launch(let name):
            guard let child = children[name] else { return }
            group.addTask { [self] in await launch(child) }
        case .signal(let name, let signal):
            processes[name]?.send(signal)
        case .wakeForRestart(let name, let pause):
            wake(after: pause, .restartDue(name), &group)
        case .wakeForStop(let name, let step, let limit):
            wake(after: limit, .stopLimitReached(name, step: step), &group)
        case .giveUp(let name, let exit):
            onGiveUp(CommandError(.configuration, "\(name) ended with \(exit); see its message above"))
        case .finish: break
        }
    }

    private func launch(_ child: SupervisedChild) async {
        do throws(CommandError) {
            outbox.yield(.launched(child.child.name, try await child.launch()))
        } catch {
            let metadata: Logger.Metadata = ["child": "\(child.child.name)", "error": "\(error)"]
            logger.warning("child did not start", metadata: metadata)
            outbox.yield(.event(.launchFailed(child.child.name)))
        }
    }

    /// Cancelled with the group when all is over; then the event is of no use.
    private func wake(
        after milliseconds: Int64, _ event: SupervisorMachine.Event, _ group: inout DiscardingTaskGroup
    ) {
        group.addTask { [outbox] in
            do {
                try await Task.sleep(for: .milliseconds(milliseconds))
                outbox.yield(.event(event))
            } catch {
                return
            }
        }
    }

    private func note(_ event: SupervisorMachine.Event) {
        switch event {
        case .launched(let name):
            logger.info("child started", metadata: ["child": "\(name)"])
        case .exited(let name, let exit):
            logger.notice("child ended", metadata: ["child": "\(name)", "exit": "\(exit)"])
        case .stopLimitReached(let name, _):
            logger.debug("stop limit reached", metadata: ["child": "\(name)"])
        default: break
        }
    }
}
