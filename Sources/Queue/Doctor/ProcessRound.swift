import Redis

/// What a script found, before it is counted.
struct RawFinding: Hashable {
    let ailment: Ailment
    let name: String
    let note: String
    let isRepaired: Bool

    /// Reads a reply's findings: four texts each, after `skipping` others.
    static func read(_ reply: RedisReply, skipping: Int = 0) throws(QueueError) -> [RawFinding] {
        let texts = reply.texts
        guard texts.count >= skipping, (texts.count - skipping).isMultiple(of: 4) else {
            throw QueueClient.unexpectedReply
        }
        var findings: [RawFinding] = []
        for index in stride(from: skipping, to: texts.count, by: 4) {
            guard let ailment = Ailment(rawValue: texts[index]) else { throw QueueClient.unexpectedReply }
            findings.append(
                RawFinding(
                    ailment: ailment, name: texts[index + 1], note: texts[index + 3],
                    isRepaired: texts[index + 2] == "1"))
        }
        return findings
    }
}

/// The part of a check that concerns the list of processes.
struct ProcessRound {
    /// Redis's time and the beats', in Unix ms.
    struct Times {
        let nowMilliseconds: Int64
        let lastBeatMilliseconds: Int64
        let graceMilliseconds: Int64

        /// Before when a lease's last beat must be for somebody to have taken its claims by now; 0 when nobody beats.
        var abandonedBeforeMilliseconds: Int64 {
            let isBeating = abs(nowMilliseconds - lastBeatMilliseconds) < 3 * Heartbeat.intervalMilliseconds
            guard isBeating, graceMilliseconds < nowMilliseconds - Self.patienceMilliseconds else { return 0 }
            return nowMilliseconds - Heartbeat.leaseMilliseconds - Self.patienceMilliseconds
        }

        private static let patienceMilliseconds: Int64 = 60_000
    }

    let keys: CommonKeys
    let calls: DoctorCalls
    let mends: Bool
    private(set) var findings: [RawFinding] = []

    init(keys: CommonKeys, calls: DoctorCalls, mends: Bool) {
        self.keys = keys
        self.calls = calls
        self.mends = mends
    }

    mutating func run(settleMilliseconds: Int64) async throws(QueueError) -> Times {
        let first = try await calls.run(command(mends: false, asked: []))
        var suspects = try RawFinding.read(first, skipping: 3)
        if !suspects.isEmpty {
            do { try await calls.clock.sleep(milliseconds: settleMilliseconds) } catch {
                throw QueueError(.unavailable, "the check was cancelled")
            }
            let asked = suspects.map { "\($0.ailment.rawValue) \($0.name)" }
            suspects = try RawFinding.read(await calls.run(command(mends: mends, asked: asked)), skipping: 3)
        }
        findings = suspects
        let times = first.texts.prefix(3).compactMap { Double($0).map { Int64($0) } }
        guard times.count == 3 else { throw QueueClient.unexpectedReply }
        return Times(nowMilliseconds: times[0], lastBeatMilliseconds: times[1], graceMilliseconds: times[2])
    }

    private func command(mends: Bool, asked: [String]) -> RedisCommand {
        var command = RedisCommand(
            script: Scripts.roll, keys: [keys.workers, keys.descriptions, keys.clock, keys.quiet])
        command.append(calls.scriptTimeMilliseconds)
        command.append(mends ? "1" : "0")
        command.append(Heartbeat.leaseMilliseconds)
        command.append(QueueDoctor.mostProcesses)
        for text in asked { command.append(text) }
        return command
    }
}
