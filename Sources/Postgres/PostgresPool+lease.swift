import Threads

/// Getting, giving back, making and closing connections.
extension PostgresPool {
    /// Waits for a connection, first come, first served.
    func acquire() async throws(PostgresError) -> Lease {
        let waiter = shared.withLock { shared in
            shared.lastWaiter += 1
            return shared.lastWaiter
        }
        return try await withTaskCancellationHandler {
            await wait(waiter)
        } onCancel: {
            leave(waiter, because: .cancelled)
        }.get()
    }

    func release(_ lease: Lease) {
        let isBroken = lease.connection.isBroken
        let now = now
        perform(shared.withLock { $0.state.release(slot: lease.slot, isBroken: isBroken, now: now) })
    }

    private func wait(_ waiter: UInt64) async -> Result<Lease, PostgresError> {
        let now = now
        var timer: Task<Void, Never>?
        let result = await withCheckedContinuation { continuation in
            let (actions, isWaiting) = shared.withLock { shared in
                shared.waiters[waiter] = continuation
                let actions = shared.state.acquire(waiter, now: now)
                return (actions, shared.state.waiters.contains(waiter))
            }
            if isWaiting { timer = expire(waiter) }
            perform(actions)
            // A cancel that came before the waiter was known found nobody.
            if Task.isCancelled { leave(waiter, because: .cancelled) }
        }
        timer?.cancel()
        return result
    }

    private func expire(_ waiter: UInt64) -> Task<Void, Never> {
        Task.detached { [acquireTimeout] in
            do {
                try await ContinuousClock().sleep(for: acquireTimeout)
                self.leave(waiter, because: .timedOut)
            } catch {
                // Served in time.
            }
        }
    }

    private func leave(_ waiter: UInt64, because failure: PoolState.Failure) {
        perform(shared.withLock { $0.state.leave(waiter, because: failure) })
    }

    func perform(_ actions: [PoolState.Action]) {
        for action in actions {
            switch action {
            case .lease(let waiter, let slot): lease(slot, to: waiter)
            case .fail(let waiter, let failure): fail(waiter, failure)
            case .connect(let slot): Task.detached { await self.connect(slot) }
            case .close(let slot): Task.detached { await self.close(slot) }
            case .wake(let milliseconds): Task.detached { await self.tick(atMilliseconds: milliseconds) }
            case .drained: finishDraining()
            }
        }
    }

    private func lease(_ slot: Int, to waiter: UInt64) {
        let (continuation, connection) = shared.withLock { shared in
            (shared.waiters.removeValue(forKey: waiter), shared.connections[slot])
        }
        guard let continuation, let connection else { preconditionFailure("a lease needs a waiter and a connection") }
        continuation.resume(returning: .success(Lease(slot: slot, connection: connection)))
    }

    private func fail(_ waiter: UInt64, _ failure: PoolState.Failure) {
        let (continuation, reason) = shared.withLock { shared in
            (shared.waiters.removeValue(forKey: waiter), shared.lastFailure)
        }
        continuation?.resume(returning: .failure(Self.error(failure, reason)))
    }

    private static func error(_ failure: PoolState.Failure, _ reason: PostgresError?) -> PostgresError {
        switch failure {
        case .connectFailed: reason ?? PostgresError(.connectFailed, "no connection could be made")
        case .timedOut: PostgresError(.timedOut, "no connection became free in time")
        case .overloaded: PostgresError(.overloaded, "too many callers wait for a connection")
        case .cancelled: PostgresError(.cancelled, "cancelled while waiting for a connection")
        case .closed: PostgresError(.closed, "the pool is shut down")
        }
    }

    private func connect(_ slot: Int) async {
        let connection = PostgresConnection(configuration, canceller: canceller, number: slot)
        shared.withLock { $0.connections[slot] = connection }
        do {
            try await connection.open()
            let now = now
            perform(shared.withLock { $0.state.connected(slot: slot, now: now) })
        } catch {
            let now = now
            let actions = shared.withLock { shared in
                shared.lastFailure = error
                return shared.state.connectFailed(slot: slot, now: now)
            }
            perform(actions)
        }
    }

    private func close(_ slot: Int) async {
        let connection = shared.withLock { $0.connections.removeValue(forKey: slot) }
        await connection?.close()
        let now = now
        perform(shared.withLock { $0.state.closed(slot: slot, now: now) })
    }

    private func tick(atMilliseconds time: Int64) async {
        do {
            try await ContinuousClock().sleep(for: .milliseconds(max(0, time - now)))
        } catch {
            // Nobody cancels this task; were it so, ticking early does no harm.
        }
        let now = now
        perform(shared.withLock { $0.state.tick(now: now) })
    }

    func finishDraining() {
        let waiting = shared.withLock { shared in
            shared.isDrained = true
            defer { shared.drained = [] }
            return shared.drained
        }
        for continuation in waiting { continuation.resume() }
    }
}
