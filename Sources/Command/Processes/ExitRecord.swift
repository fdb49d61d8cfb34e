import Threads

/// What is known of a child: not started, running, or ended; and who waits for which.
final class ExitRecord: Sendable {
    private struct State {
        var start: Result<Int32, CommandError>?
        var exit: ChildExit?
        var startWaiter: CheckedContinuation<Result<Int32, CommandError>, Never>?
        var exitWaiters: [Int: CheckedContinuation<ChildExit?, Never>] = [:]
        var nextWaiter = 0
        /// Waits whose time was over before they began.
        var abandoned: Set<Int> = []
    }

    private let state = Locked(State())

    var exit: ChildExit? { state.withLock { $0.exit } }

    func start(_ processIdentifier: Int32) { settleStart(.success(processIdentifier)) }

    /// Of a process that never ran; one that ran and was then lost sight of counts as killed.
    func fail(_ error: CommandError) {
        settleStart(.failure(error))
        end(.signaled(9))
    }

    func end(_ exit: ChildExit) {
        let waiters = state.withLock { state in
            if state.exit == nil { state.exit = exit }
            defer { state.exitWaiters = [:] }
            return state.exitWaiters.values
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    /// The lock keeps the end of the process from being recorded meanwhile. The process id itself is free from the
    /// reaping a few microseconds earlier; the kernel hands ids out in rotation, so it does not come back in that time.
    func whileRunning(_ body: () -> Void) {
        state.withLock { state in
            if state.exit == nil { body() }
        }
    }

    func started() async throws(CommandError) -> Int32 {
        let result = await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.start == nil { state.startWaiter = continuation }
                return state.start
            }
            if let known { continuation.resume(returning: known) }
        }
        return try result.get()
    }

    func ended() async -> ChildExit {
        while true {
            if let exit = await wait(id: makeWaiter()) { return exit }
        }
    }

    func ended(within limit: Duration) async -> ChildExit? {
        let id = makeWaiter()
        let timer = Task { [weak self] in
            try await Task.sleep(for: limit)
            self?.giveUp(id)
        }
        defer { timer.cancel() }
        return await wait(id: id)
    }

    private func makeWaiter() -> Int {
        state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
    }

    private func wait(id: Int) async -> ChildExit? {
        await withCheckedContinuation { continuation in
            let (isSettled, known) = state.withLock { state in
                if state.abandoned.remove(id) != nil || state.exit != nil { return (true, state.exit) }
                state.exitWaiters[id] = continuation
                return (false, nil)
            }
            if isSettled { continuation.resume(returning: known) }
        }
    }

    private func giveUp(_ id: Int) {
        let waiter = state.withLock { state in
            let waiter = state.exitWaiters.removeValue(forKey: id)
            if waiter == nil, state.exit == nil { state.abandoned.insert(id) }
            return waiter
        }
        waiter?.resume(returning: nil)
    }

    private func settleStart(_ result: Result<Int32, CommandError>) {
        let waiter = state.withLock { state in
            if state.start == nil { state.start = result }
            defer { state.startWaiter = nil }
            return state.startWaiter
        }
        waiter?.resume(returning: result)
    }
}
