// Scripts: one that this client never loaded is loaded before the flight. One that the server lost (a restart, SCRIPT
// FLUSH) answers NOSCRIPT, having done nothing: it is loaded, and exactly the commands that answered so are repeated, in
// their order. That is the only case in which anything is sent twice.

extension RedisConnection {
    /// Sends the commands of all calls and appends their replies in the same order.
    func exchange(_ calls: [RedisCall], into replies: inout [RedisReply]) throws(RedisError) {
        let timeout = configuration.commandTimeout.wholeMilliseconds + calls[0].blockMilliseconds
        let hasScripts = try loadNewScripts(calls, timeoutMilliseconds: timeout)
        try send(calls.map(\.commands), timeoutMilliseconds: timeout, into: &replies)
        if hasScripts { try repeatMissingScripts(calls, timeoutMilliseconds: timeout, replies: &replies) }
    }

    /// Sends in turns of at most a flight's limits.
    private func send(
        _ lists: [[RedisCommand]],
        timeoutMilliseconds: Int64,
        into replies: inout [RedisReply]
    ) throws(RedisError) {
        // Taken out of the actor meanwhile, so that appending to it needs no exclusivity check.
        var request = buffer
        buffer = []
        defer { keep(&request) }
        var count = 0
        for commands in lists {
            for command in commands {
                if count > 0,
                    count == limits.flightCommands || request.count + command.byteCount > limits.flightBytes
                {
                    try flush(&request, count, timeoutMilliseconds, into: &replies)
                    count = 0
                }
                command.write(to: &request, digest: command.script.map { digests[$0.name] ?? Self.noDigest })
                count += 1
            }
        }
        try flush(&request, count, timeoutMilliseconds, into: &replies)
    }

    private func flush(
        _ request: inout [UInt8],
        _ count: Int,
        _ timeoutMilliseconds: Int64,
        into replies: inout [RedisReply]
    ) throws(RedisError) {
        try context?.exchange(request, replyCount: count, timeoutMilliseconds: timeoutMilliseconds, into: &replies)
        request.removeAll(keepingCapacity: true)
    }

    /// Keeps the send buffer for the next flight unless this one made it huge.
    private func keep(_ request: inout [UInt8]) {
        guard request.capacity <= RedisLimits.keptBufferBytes else { return }
        request.removeAll(keepingCapacity: true)
        swap(&buffer, &request)
    }

    /// Loads the scripts that this client has no digest of; true if there are any scripts at all. One that the server
    /// refuses is sent with a digest that it cannot know, and comes to ``repeatMissingScripts``.
    private func loadNewScripts(_ calls: [RedisCall], timeoutMilliseconds: Int64) throws(RedisError) -> Bool {
        var hasScripts = false
        var new: [RedisScript] = []
        for call in calls {
            for command in call.commands {
                guard let script = command.script else { continue }
                hasScripts = true
                if digests[script.name] == nil, !new.contains(where: { $0.name == script.name }) { new.append(script) }
            }
        }
        if !new.isEmpty { _ = try load(new, timeoutMilliseconds: timeoutMilliseconds) }
        return hasScripts
    }

    /// - Returns: why the server refused a script, by its name.
    private func load(
        _ scripts: [RedisScript],
        timeoutMilliseconds: Int64
    ) throws(RedisError) -> [String: RedisServerFailure] {
        let commands = scripts.map { RedisCommand("SCRIPT", arguments: ["LOAD", $0.source]) }
        var replies: [RedisReply] = []
        try send([commands], timeoutMilliseconds: timeoutMilliseconds, into: &replies)
        var refusals: [String: RedisServerFailure] = [:]
        for (script, reply) in zip(scripts, replies) {
            switch reply {
            case .bytes(let digest) where digest.count == RedisCommand.digestBytes:
                digests[script.name] = digest
            case .failure(let failure):
                refusals[script.name] = failure
            default:
                throw RedisError(.protocolViolation, "SCRIPT LOAD answered with no digest")
            }
        }
        return refusals
    }

    private func repeatMissingScripts(
        _ calls: [RedisCall],
        timeoutMilliseconds: Int64,
        replies: inout [RedisReply]
    ) throws(RedisError) {
        for _ in 0..<limits.scriptLoads {
            guard replies.contains(where: { $0.failure?.isMissingScript == true }) else { return }
            let commands = calls.flatMap(\.commands)
            var missing = replies.indices.filter {
                commands[$0].script != nil && replies[$0].failure?.isMissingScript == true
            }
            var scripts: [String: RedisScript] = [:]
            for index in missing {
                if let script = commands[index].script { scripts[script.name] = script }
            }
            if scripts.isEmpty { return }
            let refusals = try load(Array(scripts.values), timeoutMilliseconds: timeoutMilliseconds)
            missing.removeAll { index in
                guard let script = commands[index].script, let refusal = refusals[script.name] else { return false }
                replies[index] = .failure(refusal)
                return true
            }
            var repeated: [RedisReply] = []
            try send([missing.map { commands[$0] }], timeoutMilliseconds: timeoutMilliseconds, into: &repeated)
            for (index, reply) in zip(missing, repeated) { replies[index] = reply }
        }
    }

    private static let noDigest = [UInt8](repeating: UInt8(ascii: "0"), count: RedisCommand.digestBytes)
}
