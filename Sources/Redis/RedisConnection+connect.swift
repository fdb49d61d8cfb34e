import Logging
import Synchronization

extension RedisConnection {
    /// Makes a connection unless there is one that still lives.
    ///
    /// - Throws: while reconnecting pauses, the last reason at once.
    func connectIfNeeded() throws(RedisError) {
        switch context?.isStale {
        case .some(false): return
        case .some(true): disconnect()
        case nil: break
        }
        let wait = backoff.waitMilliseconds(at: MonotonicTime.milliseconds)
        if wait > 0, let lastFailure { throw lastFailure.pausing(milliseconds: wait) }
        do throws(RedisError) {
            var fresh = try HiredisContext(configuration: configuration, interrupter: interrupter, limits: limits)
            try logIn(&fresh)
            context = consume fresh
        } catch {
            if error.code == .closed { throw error }
            let now = MonotonicTime.milliseconds
            backoff.recordFailure(at: now, jitter: Double.random(in: 0..<1))
            lastFailure = error
            logger?.debug("redis connection failed", metadata: ["reason": "\(error)"])
            throw error.pausing(milliseconds: backoff.waitMilliseconds(at: now))
        }
        backoff.recordSuccess()
        lastFailure = nil
        connected.store(true, ordering: .relaxed)
        logger?.debug("redis connected", metadata: ["endpoint": "\(configuration.endpoint)"])
    }

    /// `AUTH`, `SELECT` and `CLIENT SETNAME` in one flight; with no name, `PING`, so that the server's own refusal of
    /// the connection (too many clients, protected mode) is seen here.
    private func logIn(_ fresh: inout HiredisContext) throws(RedisError) {
        let steps = logInSteps
        var request: [UInt8] = []
        for step in steps { step.command.write(to: &request) }
        var replies: [RedisReply] = []
        var lost: RedisError?
        do throws(RedisError) {
            try fresh.exchange(
                request,
                replyCount: steps.count,
                timeoutMilliseconds: configuration.connectTimeout.wholeMilliseconds,
                into: &replies
            )
        } catch {
            lost = error
        }
        for (step, reply) in zip(steps, replies) {
            guard let failure = reply.failure else { continue }
            if let error = refusal(of: step, failure) { throw error }
            logger?.debug("redis connection has no name", metadata: ["reason": "\(failure)"])
        }
        guard let lost else { return }
        if lost.code == .protocolViolation { throw lost }
        let endpoint = configuration.endpoint
        if interrupter.isInterrupted { throw RedisError(.closed, "the connection was interrupted") }
        let reason = lost.code == .timedOut ? "no answer in time" : "the connection was lost"
        throw RedisError(.connectFailed, "cannot log in to \(endpoint): \(reason)", underlying: lost.underlying)
    }

    /// Why the connection cannot be used after this failure, or nil if it can.
    private func refusal(of step: LogInStep, _ failure: RedisServerFailure) -> RedisError? {
        let endpoint = configuration.endpoint
        if failure.isRetriable || failure.code == "DENIED" || failure.message.hasPrefix("max number of clients") {
            return RedisError(.connectFailed, "\(endpoint) refused the connection: \(failure)", underlying: failure)
        }
        if step.kind == .credentials || failure.isAboutCredentials {
            // Only the code: a server that does not know the command repeats its arguments.
            let bare = RedisServerFailure(line: failure.code)
            let reason = "\(endpoint) refused the user or the password: \(bare)"
            return RedisError(.authenticationFailed, reason, underlying: bare)
        }
        if step.kind == .database {
            let reason = "\(endpoint) refused database \(configuration.database): \(failure)"
            return RedisError(.invalidConfiguration, reason, underlying: failure)
        }
        return nil
    }

    private struct LogInStep {
        enum Kind { case credentials, database, name }

        let kind: Kind
        let command: RedisCommand
    }

    private var logInSteps: [LogInStep] {
        var steps: [LogInStep] = []
        if let password = configuration.password {
            let arguments = configuration.username.map { [$0, password] } ?? [password]
            steps.append(LogInStep(kind: .credentials, command: RedisCommand("AUTH", arguments: arguments)))
        }
        if configuration.database != 0 {
            let command = RedisCommand("SELECT", arguments: [String(configuration.database)])
            steps.append(LogInStep(kind: .database, command: command))
        }
        // The server takes printable characters only, and no spaces.
        let name = String(self.name.unicodeScalars.map { ("!"..."~").contains($0) ? Character($0) : "-" })
        let command = name.isEmpty ? RedisCommand("PING") : RedisCommand("CLIENT", arguments: ["SETNAME", name])
        steps.append(LogInStep(kind: .name, command: command))
        return steps
    }
}

extension RedisError {
    fileprivate func pausing(milliseconds: Int64) -> RedisError {
        RedisError(code, message, underlying: underlying, retryAfterMilliseconds: isRetriable ? milliseconds : nil)
    }
}
