/// Transactions.
extension PostgresPool {
    /// The pools that have a transaction open in this task.
    @TaskLocal private static var poolsInTransaction: Set<ObjectIdentifier> = []

    /// Runs the body within a transaction on one connection: commits when it returns, rolls back when it throws or the
    /// task is cancelled by then. Costs two round trips besides the body's.
    ///
    /// - Throws: what the body throws; a ``PostgresError`` when the transaction cannot begin or commit. A commit with
    ///   ``PostgresError/isOutcomeUnknown`` may have happened. A transaction within a transaction of the same pool is
    ///   ``PostgresError/Code/misuse``, because it would wait for a connection while it holds one.
    public func transaction<R: Sendable>(_ body: (PostgresTransaction) async throws -> R) async throws -> R {
        let id = ObjectIdentifier(self)
        guard !Self.poolsInTransaction.contains(id) else {
            throw PostgresError(.misuse, "a transaction within a transaction of the same pool")
        }
        let (lease, token) = try await begin()
        defer { release(lease) }
        let value: R
        do {
            value = try await Self.$poolsInTransaction.withValue(Self.poolsInTransaction.union([id])) {
                try await body(PostgresTransaction(connection: lease.connection, token: token))
            }
            if Task.isCancelled { throw PostgresError(.cancelled, "cancelled before the commit") }
        } catch {
            await lease.connection.rollback(token)
            throw error
        }
        try await lease.connection.commit(token)
        return value
    }

    /// Like ``withLease(_:)``, but keeps the lease.
    private func begin() async throws(PostgresError) -> (Lease, UInt64) {
        var spareAttempts = size
        while true {
            let lease = try await acquire()
            do {
                return (lease, try await lease.connection.begin())
            } catch {
                release(lease)
                let isUnsent = error.code == .connectionLost && !error.isOutcomeUnknown
                guard isUnsent, spareAttempts > 0 else { throw error }
                spareAttempts -= 1
            }
        }
    }
}
