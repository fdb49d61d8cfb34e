import Redis

/// Calls to Redis with a rest after each, so that a check takes only a small share of the server's time.
struct DoctorCalls: Sendable {
    let redis: RedisClient
    let clock: any MonotonicClock
    /// The least rest, in ms; 0 = none at all.
    let restMilliseconds: Int64
    /// The time that scripts take for now; 0 is Redis's own clock.
    let scriptTimeMilliseconds: Int64

    /// A call that took long, because the server was busy, is followed by a rest that is longer in proportion.
    private static let restPerMillisecond: Int64 = 4
    private static let longestRestMilliseconds: Int64 = 250

    func run(_ commands: [RedisCommand]) async throws(QueueError) -> [RedisReply] {
        let start = clock.nowMilliseconds
        let replies: [RedisReply]
        do { replies = try await redis.run(commands) } catch { throw QueueError(error) }
        for case .failure(let failure) in replies {
            throw QueueError(failure.isRetriable ? .unavailable : .unexpectedReply, failure.description)
        }
        guard restMilliseconds > 0 else { return replies }
        let took = clock.nowMilliseconds - start
        let rest = min(max(restMilliseconds, took * Self.restPerMillisecond), Self.longestRestMilliseconds)
        do { try await clock.sleep(milliseconds: rest) } catch {
            throw QueueError(.unavailable, "the check was cancelled")
        }
        return replies
    }

    func run(_ command: RedisCommand) async throws(QueueError) -> RedisReply { try await run([command])[0] }

    /// A command that belongs to no script.
    func run(_ name: String, _ arguments: String...) async throws(QueueError) -> RedisReply {
        try await run(RedisCommand(name, arguments: arguments))
    }

    /// A call of a script that takes ``Keys/all``: the time and whether it may mend.
    func command(_ script: RedisScript, _ keys: Keys, mends: Bool) -> RedisCommand {
        var command = RedisCommand(script: script, keys: keys.all)
        command.append(scriptTimeMilliseconds)
        command.append(mends ? "1" : "0")
        return command
    }

    /// One slice of `survey.lua`.
    func survey(_ what: String, of key: String, _ keys: Keys, from cursor: String, count: Int) -> RedisCommand {
        var command = RedisCommand(script: Scripts.survey, keys: [keys.jobs, keys.cancelled, key])
        command.append(what)
        command.append(cursor)
        command.append(count)
        return command
    }
}

extension RedisCommand {
    /// The number of texts, then these.
    mutating func append(counted texts: [String]) {
        append(texts.count)
        for text in texts { append(text) }
    }
}

extension RedisReply {
    /// The elements' texts.
    var texts: [String] { (arrayValue ?? []).map { $0.string ?? $0.integerValue.map(String.init) ?? "" } }
}
