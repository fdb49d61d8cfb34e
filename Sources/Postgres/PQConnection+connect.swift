// Connecting without blocking in the library: libpq says what it waits for and this waits, with a deadline and a wake.

extension PQConnection {
    /// Connects, on the calling thread.
    static func connect(
        _ configuration: PostgresConfiguration,
        gate: OperationGate,
        operation: UInt64,
    ) throws(PostgresError) -> PQConnection {
        let deadline = ContinuousClock.now + configuration.boundedConnectTimeout
        let notices = NoticeBoard(onNotice: configuration.onNotice)
        guard let connection = PQConnection(keywords: configuration.keywords, notices: notices) else {
            throw PostgresError(.connectFailed, "out of memory")
        }
        guard !connection.isBroken else { throw connection.refusal(configuration.secrets) }
        var isWriting = true
        while true {
            let readiness = gate.wake.wait(
                socket: connection.socket, reading: !isWriting, writing: isWriting, until: deadline)
            if gate.isClosing { throw PostgresError(.closed, "closed while connecting") }
            if gate.isCancelled(operation) { throw PostgresError(.cancelled, "cancelled while connecting") }
            if readiness.isTimedOut {
                let milliseconds = configuration.boundedConnectTimeout.wholeMilliseconds
                throw PostgresError(.connectFailed, "no connection within \(milliseconds) ms")
            }
            guard readiness.socket else { continue }
            switch connection.advance() {
            case .waitingToRead: isWriting = false
            case .waitingToWrite: isWriting = true
            case .connected: return connection
            case .failed: throw connection.refusal(configuration.secrets)
            }
        }
    }

    /// Why connecting failed, from libpq's verbose message, which is the one place that holds the SQLSTATE:
    /// `connection to server ... failed: FATAL:  28P01: password authentication failed ...`.
    private borrowing func refusal(_ secrets: Secrets) -> PostgresError {
        let lines = errorMessage.split(separator: "\n").map(String.init)
        let said = lines.filter { !$0.hasPrefix("LOCATION:") && !$0.hasPrefix("DETAIL:") }
        let message = secrets.adding(password).scrub(said.joined(separator: "; "))
        let states = lines.compactMap(Self.sqlState)
        return PostgresError(
            .connectFailed, message.isEmpty ? "the connection failed" : message, sqlState: states.last)
    }

    private static func sqlState(in line: String) -> String? {
        let pieces = line.split(separator: ": ").map { $0.drop { $0 == " " } }
        let isState = { (piece: Substring) in
            let bytes = piece.utf8
            return bytes.count == 5 && bytes.contains { (0x30...0x39).contains($0) }
                && bytes.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
        }
        guard let state = pieces.first(where: isState) else { return nil }
        return String(state)
    }
}
