import Threads

/// The listener's connection and its thread.
actor ListenerSession {
    private static let firstPause: Duration = .milliseconds(100)
    private static let longestPause: Duration = .seconds(5)

    private let executor = ThreadExecutor(name: "postgres-listen")
    private let gate = OperationGate()
    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let onFailure: @Sendable (PostgresError) -> Void
    private var session: PostgresSession?
    private var waiting: [PostgresNotification] = []
    private var pause = ListenerSession.firstPause
    private var pauseEnd = ContinuousClock.now

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(
        _ configuration: PostgresConfiguration,
        channels: [String],
        onFailure: @escaping @Sendable (PostgresError) -> Void,
    ) {
        self.configuration = configuration
        self.channels = channels
        self.onFailure = onFailure
    }

    /// The next notification; `nil` when the task is cancelled or the listener shut down.
    nonisolated func next() async -> PostgresNotification? {
        let gate = gate
        let operation = gate.begin()
        defer { gate.end(operation) }
        return await withTaskCancellationHandler {
            await next(operation: operation)
        } onCancel: {
            gate.cancel(operation)
        }
    }

    /// From any thread: ends the wait, then closes the connection on its own thread.
    nonisolated func shutdown() async {
        gate.close()
        await close()
    }

    private func close() {
        session = nil
        waiting = []
    }

    private func next(operation: UInt64) -> PostgresNotification? {
        while !gate.isClosing, !gate.isCancelled(operation) {
            if !waiting.isEmpty { return waiting.removeFirst() }
            do {
                if let session {
                    waiting = try session.notifications(operation: operation)
                } else if ContinuousClock.now < pauseEnd {
                    _ = gate.wake.wait(socket: -1, reading: false, writing: false, until: pauseEnd)
                } else {
                    session = try listen(operation: operation)
                    pause = Self.firstPause
                    return .reconnected
                }
            } catch {
                recover(from: error)
            }
        }
        return nil
    }

    private func listen(operation: UInt64) throws(PostgresError) -> PostgresSession {
        let session = try PostgresSession.open(configuration, gate: gate, canceller: nil, operation: operation)
        let commands = channels.map { "LISTEN \(PostgresSession.quote($0))" }
        try session.execute(commands.joined(separator: ";"), operation: operation)
        return session
    }

    private func recover(from error: PostgresError) {
        // A connection that worked is tried again at once, one that could not be made after a growing pause.
        let wasConnected = session != nil
        session = nil
        guard error.code != .cancelled, error.code != .closed else { return }
        onFailure(error)
        guard !wasConnected else { return }
        pauseEnd = .now + pause
        pause = min(pause * 2, Self.longestPause)
    }
}
