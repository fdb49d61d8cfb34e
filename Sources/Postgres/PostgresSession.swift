// One connection's life and its conversation with the server, on one thread: everything here blocks that thread, in
// poll(2), until the answer, a deadline, a cancel or the closing of the gate. Nothing is shared but the gate.

/// A connected session. Made and used on its connection's thread only.
final class PostgresSession {
    /// How much longer than the server this side waits for a statement's end.
    private static let deadlineMargin: Duration = .seconds(1)
    /// How long a cancelled statement may take to end before the connection is dropped.
    private static let cancelGrace: Duration = .seconds(2)

    private let configuration: PostgresConfiguration
    private let gate: OperationGate
    private let canceller: Canceller?
    private let connection: PQConnection
    private let cancelKey: CancelKey?
    private var statements = PreparedStatements()

    private init(
        configuration: PostgresConfiguration,
        gate: OperationGate,
        canceller: Canceller?,
        connection: consuming PQConnection,
    ) {
        self.configuration = configuration
        self.gate = gate
        self.canceller = canceller
        if canceller != nil, let cancel = connection.makeCancel() {
            cancelKey = CancelKey(cancel)
        } else {
            cancelKey = nil
        }
        self.connection = connection
    }

    /// Connects and sets the session up.
    static func open(
        _ configuration: PostgresConfiguration,
        gate: OperationGate,
        canceller: Canceller?,
        operation: UInt64,
    ) throws(PostgresError) -> PostgresSession {
        let connection = try PQConnection.connect(configuration, gate: gate, operation: operation)
        let session = PostgresSession(
            configuration: configuration, gate: gate, canceller: canceller, connection: connection)
        do {
            try session.execute(configuration.sessionSQL, operation: operation)
        } catch {
            let code: PostgresError.Code = error.code == .server ? .connectFailed : error.code
            throw PostgresError(code, "setting up the session: \(error.message)", sqlState: error.sqlState)
        }
        return session
    }

    /// Whether a transaction is open, failed or not.
    var isInTransaction: Bool { connection.transactionStatus != .idle }

    /// Runs a script of statements without parameters.
    func execute(_ sql: String, operation: UInt64) throws(PostgresError) {
        try ensureAlive()
        try check(sql)
        try roundTrip(operation) { $0.send(sql: sql) }
    }

    /// Runs COMMIT, which a failed transaction answers with a roll-back and no error.
    func commit(operation: UInt64) throws(PostgresError) {
        try ensureAlive()
        guard isInTransaction else {
            throw PostgresError(.misuse, "the transaction was ended by a statement of its own")
        }
        let tag = try roundTrip(operation) { $0.send(sql: "COMMIT") }?.commandTag
        guard tag == "COMMIT" else {
            throw PostgresError(
                .server, "the transaction was rolled back because one of its statements failed",
                sqlState: SQLState.transactionFailed)
        }
    }

    /// Runs a prepared statement, preparing it first where needed, and once more when the server has lost it.
    func query(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue],
        operation: UInt64,
    ) throws(PostgresError) -> PostgresRows {
        try ensureAlive()
        let encoded = try EncodedParameters(parameters)
        let mayRenew = !isInTransaction
        do {
            return try attempt(statement, encoded, operation)
        } catch {
            guard error.isStaleStatement else { throw error }
            let stale = statements.remove(statement)
            // The failure has ended an open transaction, so the statement cannot be repeated within it.
            guard mayRenew else { throw error }
            let names = stale.map { "DEALLOCATE \(Self.quote($0))" }
            if error.sqlState != SQLState.statementMissing, !names.isEmpty {
                try execute(names.joined(separator: ";"), operation: operation)
            }
            return try attempt(statement, encoded, operation)
        }
    }

    private func attempt(
        _ statement: PostgresStatement,
        _ parameters: EncodedParameters,
        _ operation: UInt64,
    ) throws(PostgresError) -> PostgresRows {
        let name = try prepare(statement, parameters.types, operation)
        let rows = try roundTrip(operation) { $0.sendExecute(name: name, parameters: parameters) }
        guard let rows else { throw PostgresError(.unexpectedResult, "the server sent no result") }
        return rows
    }

    private func prepare(
        _ statement: PostgresStatement,
        _ types: [UInt32?],
        _ operation: UInt64,
    ) throws(PostgresError) -> String {
        switch statements.lookup(statement, types: types) {
        case .prepared(let variant):
            return variant.serverName
        case .conflict:
            throw PostgresError(.misuse, "two statements of different texts are named \(statement.name)")
        case .unprepared(let variant):
            try check(statement.sql)
            if statements.isFull {
                try execute("DEALLOCATE ALL", operation: operation)
                statements.removeAll()
            }
            try roundTrip(operation) {
                $0.sendPrepare(name: variant.serverName, sql: statement.sql, types: variant.types)
            }
            statements.insert(variant, for: statement)
            return variant.serverName
        }
    }

    /// Waits for notifications and takes those that have come. Empty when the operation was cancelled.
    func notifications(operation: UInt64) throws(PostgresError) -> [PostgresNotification] {
        while true {
            try ensureAlive()
            var heard: [PostgresNotification] = []
            while let notification = connection.nextNotification() { heard.append(notification) }
            if !heard.isEmpty || gate.isCancelled(operation) { return heard }
            _ = gate.wake.wait(socket: connection.socket, reading: true, writing: false, until: nil)
        }
    }

    /// An SQL identifier for the name.
    static func quote(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private func check(_ sql: String) throws(PostgresError) {
        if sql.utf8.contains(0) {
            throw PostgresError(
                .server, "the statement holds a NUL character", sqlState: SQLState.characterNotInRepertoire)
        }
    }

    /// Finds out, before anything is sent, whether the server has gone since the last use.
    private func ensureAlive() throws(PostgresError) {
        guard !gate.isClosing else { throw PostgresError(.closed, "the connection is closed") }
        // The farewell, the end of the stream and a notice may each wait to be read.
        for _ in 0..<8 where !connection.isBroken {
            guard gate.wake.isReadable(socket: connection.socket), connection.consumeInput() else { break }
            // Asked for its effect: it takes in what was read.
            _ = connection.isBusy
        }
        guard connection.isBroken else { return }
        gate.markBroken()
        throw PostgresError(.connectionLost, "the server has closed the connection")
    }

    /// Sends, then waits for all results. Returns the last one's rows; throws the first failure.
    @discardableResult
    private func roundTrip(
        _ operation: UInt64,
        _ send: (borrowing PQConnection) -> Bool,
    ) throws(PostgresError) -> PostgresRows? {
        guard !gate.isCancelled(operation) else { throw PostgresError(.cancelled, "cancelled before it was sent") }
        guard send(connection) else { throw lost() }
        var exchange = Exchange(operation: operation, start: .now)
        exchange.deadline = exchange.start + configuration.boundedStatementTimeout + Self.deadlineMargin
        do {
            try receive(&exchange)
        } catch {
            gate.markBroken()
            throw error
        }
        if exchange.ticket != nil { settle(exchange) }
        if let failure = exchange.failure { throw interpret(failure, of: exchange) }
        return exchange.rows
    }

    /// What has become of one round trip so far.
    private struct Exchange {
        let operation: UInt64
        let start: ContinuousClock.Instant
        var deadline: ContinuousClock.Instant = .now
        var rows: PostgresRows?
        var failure: PostgresError?
        /// Set once a cancel request is under way.
        var ticket: CancelTicket?
    }

    /// Pumps the socket until the last result. Throws when the connection cannot be used any more.
    private func receive(_ exchange: inout Exchange) throws(PostgresError) {
        while true {
            let isSending = connection.flush()
            while !connection.isBusy {
                guard let result = connection.nextResult() else { return }
                try take(result, into: &exchange)
            }
            let readiness = gate.wake.wait(
                socket: connection.socket, reading: true, writing: isSending, until: exchange.deadline)
            if gate.isClosing {
                throw PostgresError(.closed, "the connection was closed meanwhile", isOutcomeUnknown: true)
            }
            if readiness.isTimedOut { throw overdue(exchange) }
            if readiness.isWoken, exchange.ticket == nil, gate.isCancelled(exchange.operation) {
                try requestCancel(&exchange)
            }
            if readiness.socket, !connection.consumeInput() {
                // What came before the end of the stream may tell why.
                while !connection.isBusy, let result = connection.nextResult() { try take(result, into: &exchange) }
                throw exchange.failure.map { farewell in
                    PostgresError(
                        .connectionLost, farewell.message, sqlState: farewell.sqlState, isOutcomeUnknown: true)
                } ?? lost()
            }
        }
    }

    private func take(_ result: consuming PQResult, into exchange: inout Exchange) throws(PostgresError) {
        switch result.status {
        case .rows, .done:
            exchange.rows = PostgresRows(copying: result)
        case .failed:
            if exchange.failure == nil { exchange.failure = result.failure }
        case .copying:
            throw PostgresError(.misuse, "COPY is not supported; the connection was dropped")
        }
        // In a script, each statement has the whole time.
        if exchange.ticket == nil {
            exchange.deadline = .now + configuration.boundedStatementTimeout + Self.deadlineMargin
        }
    }

    private func requestCancel(_ exchange: inout Exchange) throws(PostgresError) {
        guard let canceller, let cancelKey else {
            throw PostgresError(.cancelled, "cancelled; the connection was dropped", isOutcomeUnknown: true)
        }
        let ticket = CancelTicket(key: cancelKey, wake: gate.wake)
        exchange.ticket = ticket
        exchange.deadline = min(exchange.deadline, .now + Self.cancelGrace)
        canceller.enqueue(ticket)
    }

    /// Makes sure that the cancel request is over and its signal used up, or gives the connection up: a late signal
    /// must not hit the next statement. The server drops a signal that finds no statement running, so one empty
    /// statement after the request's end flushes it out.
    private func settle(_ exchange: Exchange) {
        guard let ticket = exchange.ticket, !connection.isBroken else { return gate.markBroken() }
        let limit = ContinuousClock.now + Self.cancelGrace
        while !ticket.isFinished {
            let readiness = gate.wake.wait(socket: -1, reading: false, writing: false, until: limit)
            if readiness.isTimedOut || gate.isClosing { return gate.markBroken() }
        }
        var barrier = Exchange(operation: 0, start: .now, deadline: limit)
        guard connection.send(sql: "") else { return gate.markBroken() }
        do {
            try receive(&barrier)
            if let failure = barrier.failure, failure.sqlState != SQLState.queryCanceled { gate.markBroken() }
        } catch {
            // The cancelled statement's own outcome is what the caller hears.
            gate.markBroken()
        }
    }

    private func interpret(_ failure: PostgresError, of exchange: Exchange) -> PostgresError {
        if failure.code == .connectionLost { gate.markBroken() }
        guard failure.sqlState == SQLState.queryCanceled else { return failure }
        if exchange.ticket != nil {
            return PostgresError(.cancelled, failure.message, sqlState: failure.sqlState)
        }
        // The message is in the server's language, so the time decides; a shorter limit set by a statement is told by
        // the English message.
        let elapsed = exchange.start.duration(to: .now)
        let isOverdue = elapsed >= configuration.boundedStatementTimeout
        guard isOverdue || failure.message.contains("statement timeout") else { return failure }
        return PostgresError(.timedOut, failure.message, sqlState: failure.sqlState)
    }

    private func overdue(_ exchange: Exchange) -> PostgresError {
        if exchange.ticket != nil {
            return PostgresError(.cancelled, "cancelled; the connection was dropped", isOutcomeUnknown: true)
        }
        return PostgresError(
            .timedOut, "the server did not answer in time; the connection was dropped", isOutcomeUnknown: true)
    }

    private func lost() -> PostgresError {
        gate.markBroken()
        let message = configuration.secrets.adding(connection.password).scrub(connection.errorMessage.firstLine)
        return PostgresError(
            .connectionLost, message.isEmpty ? "the connection is lost" : message, isOutcomeUnknown: true)
    }
}
