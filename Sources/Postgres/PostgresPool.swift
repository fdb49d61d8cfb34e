// The pool carries out what `PoolState` decides. The state and what goes with it lie under one lock, held for
// microseconds and never across a suspension; continuations are resumed and connections touched outside it.
//
// Fairness: callers are served in the order they came. Connections are made by detached tasks, so a caller that gives
// up leaves at once and the connection it asked for serves the next.

import Threads

/// A bounded number of connections to one database, made when needed and shared fairly.
public final class PostgresPool: Sendable {
    /// How many connections a pool may have.
    public static let sizes = 1...64
    /// How many callers may wait for a connection unless told otherwise.
    public static let defaultMaximumWaiters = 1000
    /// How long ``shutdown()`` lets callers finish before it ends their statements.
    private static let shutdownGrace: Duration = .seconds(5)
    /// How long it then waits for callers whose statements were ended.
    private static let abortGrace: Duration = .seconds(1)

    struct Shared {
        var state: PoolState
        var waiters: [UInt64: CheckedContinuation<Result<Lease, PostgresError>, Never>] = [:]
        var connections: [Int: PostgresConnection] = [:]
        var lastWaiter: UInt64 = 0
        var lastFailure: PostgresError?
        var drained: [CheckedContinuation<Void, Never>] = []
        var isDrained = false
    }

    /// The right to use a connection, to be given back once.
    struct Lease: Sendable {
        let slot: Int
        let connection: PostgresConnection
    }

    let configuration: PostgresConfiguration
    let acquireTimeout: Duration
    let size: Int
    let canceller = Canceller()
    let shared: Locked<Shared>
    private let start = ContinuousClock.now

    /// Makes no connection yet.
    ///
    /// - Parameters:
    ///   - configuration: where the database is.
    ///   - size: the most connections at a time, in ``sizes``. Each has a thread.
    ///   - acquireTimeout: how long a caller may wait for a connection before ``PostgresError/Code/timedOut``.
    ///   - maximumWaiters: how many callers may wait; the next gets ``PostgresError/Code/overloaded``.
    public init(
        configuration: PostgresConfiguration,
        size: Int,
        acquireTimeout: Duration = .seconds(10),
        maximumWaiters: Int = PostgresPool.defaultMaximumWaiters,
    ) {
        precondition(Self.sizes.contains(size), "a pool has 1 to 64 connections")
        precondition(maximumWaiters >= 0, "a number of waiters is not negative")
        self.configuration = configuration
        self.acquireTimeout = acquireTimeout
        self.size = size
        shared = Locked(Shared(state: PoolState(limits: .init(size: size, maximumWaiters: maximumWaiters))))
    }

    /// Runs a statement on any connection, preparing it there on first use.
    ///
    /// Costs one round trip, two on first use. Cancelling the task stops the statement on the server.
    /// - Throws: a connection found dead before anything was sent is replaced; every other failure is thrown, and
    ///   ``PostgresError/isOutcomeUnknown`` tells whether the statement may have taken effect.
    public func query(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue] = [],
    ) async throws(PostgresError) -> PostgresRows {
        try await withLease { connection throws(PostgresError) in
            try await connection.query(statement, parameters, in: nil)
        }
    }

    /// Runs a script of one or more statements without parameters. All of them succeed or none, unless the script
    /// holds transaction commands of its own, which it must balance. Results are dropped.
    public func execute(_ sql: String) async throws(PostgresError) {
        try await withLease { connection throws(PostgresError) in
            try await connection.execute(sql, in: nil)
        }
    }

    /// Refuses new callers, lets those that have a connection finish for a few seconds, then ends their statements,
    /// and closes every connection. Safe to call again.
    public func shutdown() async {
        let actions = shared.withLock { $0.state.shutDown() }
        perform(actions)
        let limit = Task { await endStragglers() }
        await withCheckedContinuation { continuation in
            let isDrained = shared.withLock { shared in
                if !shared.isDrained { shared.drained.append(continuation) }
                return shared.isDrained
            }
            if isDrained { continuation.resume() }
        }
        limit.cancel()
    }

    /// How many callers wait for a connection right now, for gauges.
    public var waiterCount: Int { shared.withLock { $0.state.waiters.count } }

    private func endStragglers() async {
        do {
            try await ContinuousClock().sleep(for: Self.shutdownGrace)
            for connection in shared.withLock({ Array($0.connections.values) }) { connection.abort() }
            // A transaction's body may do something else than wait for the database.
            try await ContinuousClock().sleep(for: Self.abortGrace)
            finishDraining()
        } catch {
            // Cancelled: drained in time.
        }
    }

    /// Milliseconds since the pool was made.
    var now: Int64 { start.duration(to: .now).wholeMilliseconds }

    /// Runs the work on a connection; on another one when the first proves dead before anything was sent.
    func withLease<Value: Sendable>(
        _ work: (PostgresConnection) async throws(PostgresError) -> Value,
    ) async throws(PostgresError) -> Value {
        var spareAttempts = size
        while true {
            let lease = try await acquire()
            do {
                let value = try await work(lease.connection)
                release(lease)
                return value
            } catch {
                release(lease)
                let isUnsent = error.code == .connectionLost && !error.isOutcomeUnknown
                guard isUnsent, spareAttempts > 0 else { throw error }
                spareAttempts -= 1
            }
        }
    }
}
