// One database connection as an actor on a thread of its own. Its operations run one at a time, in the order they
// reach it, each without a suspension, so operations of one transaction never interleave. The gate is the one part
// used from other threads: it cancels, closes and tells whether the connection is still good.

import Threads

/// A connection and its thread. Open once; when broken, replace it.
actor PostgresConnection {
    private let executor: ThreadExecutor
    private let configuration: PostgresConfiguration
    private let canceller: Canceller
    private let gate = OperationGate()
    private var session: PostgresSession?
    private var openTransaction: UInt64?
    private var lastTransaction: UInt64 = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// - Parameter number: shown in the thread's name.
    init(_ configuration: PostgresConfiguration, canceller: Canceller, number: Int) {
        self.configuration = configuration
        self.canceller = canceller
        executor = ThreadExecutor(name: "postgres-\(number)")
    }

    /// Whether the connection must not be used again.
    nonisolated var isBroken: Bool { gate.isBroken }

    /// Ends what runs, from any thread; ``close()`` follows.
    nonisolated func abort() { gate.close() }

    func open() throws(PostgresError) {
        session = try PostgresSession.open(configuration, gate: gate, canceller: canceller, operation: 0)
    }

    func close() {
        gate.close()
        session = nil
    }

    /// Runs a statement; a cancel of the calling task stops it.
    nonisolated func query(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue],
        in transaction: UInt64?,
    ) async throws(PostgresError) -> PostgresRows {
        try await cancellable { operation in
            await self.perform(in: transaction) { session throws(PostgresError) in
                try session.query(statement, parameters, operation: operation)
            }
        }
    }

    /// Runs a script; a cancel of the calling task stops it.
    nonisolated func execute(_ sql: String, in transaction: UInt64?) async throws(PostgresError) {
        try await cancellable { operation in
            await self.perform(in: transaction) { session throws(PostgresError) in
                try session.execute(sql, operation: operation)
            }
        }
    }

    /// Begins a transaction and returns its token, which every operation of it names.
    nonisolated func begin() async throws(PostgresError) -> UInt64 {
        try await cancellable { operation in await self.begin(operation: operation) }
    }

    /// Not cancellable: once COMMIT is sent, its outcome should be known.
    func commit(_ transaction: UInt64) throws(PostgresError) {
        guard let session, openTransaction == transaction else { throw Self.ended }
        openTransaction = nil
        do {
            try session.commit(operation: 0)
        } catch {
            if session.isInTransaction { gate.markBroken() }
            throw error
        }
    }

    /// Not cancellable. A connection that cannot even roll back is marked broken, and the server rolls back for it.
    func rollback(_ transaction: UInt64) {
        guard openTransaction == transaction else { return }
        openTransaction = nil
        guard let session, !gate.isBroken else { return }
        do {
            try session.execute("ROLLBACK", operation: 0)
        } catch {
            gate.markBroken()
        }
    }

    private func begin(operation: UInt64) -> Result<UInt64, PostgresError> {
        perform(in: nil, mayOpenTransaction: true) { session throws(PostgresError) in
            try session.execute("BEGIN", operation: operation)
        }.map {
            lastTransaction += 1
            openTransaction = lastTransaction
            return lastTransaction
        }
    }

    private func perform<Value>(
        in transaction: UInt64?,
        mayOpenTransaction: Bool = false,
        _ work: (PostgresSession) throws(PostgresError) -> Value,
    ) -> Result<Value, PostgresError> {
        // A stray task of an ended transaction must not reach a connection that serves someone else by now.
        guard openTransaction == transaction else { return .failure(Self.ended) }
        guard let session else { return .failure(PostgresError(.closed, "the connection is closed")) }
        let result = Result { () throws(PostgresError) in try work(session) }
        if transaction == nil, !mayOpenTransaction, !gate.isBroken, session.isInTransaction {
            gate.markBroken()
            if case .success = result {
                return .failure(PostgresError(.misuse, "a statement left a transaction open; use transaction(_:)"))
            }
        }
        return result
    }

    private nonisolated func cancellable<Value: Sendable>(
        _ work: (UInt64) async -> Result<Value, PostgresError>,
    ) async throws(PostgresError) -> Value {
        let gate = gate
        let operation = gate.begin()
        defer { gate.end(operation) }
        return try await withTaskCancellationHandler {
            await work(operation)
        } onCancel: {
            gate.cancel(operation)
        }.get()
    }

    private static let ended = PostgresError(.closed, "the transaction has ended")
}
