// A day in the life of the system: a workspace is provisioned, people are called, TIPS is synced, subscriptions are fed
// and an operator sends something again. What is there in the end is compared with what was sent.

internal import Basics
internal import Curl
internal import Peers
internal import Postgres
internal import Program

/// How a day ended.
public struct DayReport: Sendable {
    /// Part by part.
    public let parts: [DayPartReport]
    /// Pushes to the CRM that were sent, how many there might have been at most, and the changes that they stand for.
    public let pushes: Int
    /// See ``pushes``.
    public let pushBound: Int
    /// See ``pushes``.
    public let changes: Int
    /// How long it took.
    public let milliseconds: Int64

    /// Whether all is as it was meant.
    public var isGood: Bool { parts.allSatisfy(\.isGood) }
}

/// Plays a day against a running system with played peers, and looks at what came of it.
public struct Day: Sendable {
    /// How much happens.
    public var size = DaySize()
    /// Whether every system that jobs call fails for a while.
    public var isFailing = false
    /// In the names of calls, so that no two days have the same.
    public var name: String
    /// The number of TIPS's first agent. The database knows the clients of every other day to be there already, so no two
    /// days may share an agent. 1 to 10^12.
    public var firstAgent: Int
    private let settings: DaySettings
    private let say: @Sendable (String) -> Void

    /// - Parameter say: told what happens, a line each.
    public init(_ settings: DaySettings, say: @escaping @Sendable (String) -> Void) {
        (self.settings, self.say) = (settings, say)
        let now = SystemWallClock().nowMilliseconds()
        name = "day-\(String(now, radix: 36))"
        // Twenty for each second; a day takes longer.
        firstAgent = Int(now / 1_000) * 20 + 1
    }

    /// Takes about as long as its calls and the delays of the Hub, and on a bad day two minutes more. Cancelling the task
    /// ends it within seconds.
    ///
    /// - Throws: when a step cannot be done. What is wrong in the end is in the report.
    public func play() async throws -> DayReport {
        let curl = CurlClient()
        let pool = PostgresPool(configuration: settings.postgres, size: 2)
        let connection = DayConnection(settings, curl: curl)
        let result: Result<DayReport, any Error>
        do { result = .success(try await play(connection, pool)) } catch { result = .failure(error) }
        // Also when this task is cancelled.
        await Task { await tidy(connection) }.value
        await curl.shutdown()
        await pool.shutdown()
        do {
            return try result.get()
        } catch {
            throw ProgramError(.failure, "the day could not go on: \(error)", underlying: error)
        }
    }

    /// The subscription goes with the day: the subscriber will not be there for the next one's events.
    private func tidy(_ connection: DayConnection) async {
        do {
            try await connection.removeSubscriptions()
        } catch {
            say("the subscription is still there: \(error)")
        }
    }

    private func play(_ connection: DayConnection, _ pool: PostgresPool) async throws -> DayReport {
        let plan = DayPlan(name: name, size: size, firstAgent: firstAgent)
        let hub = DayHub(pool: pool)
        let script = DayScript(
            plan: plan, settings: settings, connection: connection, hub: hub, isFailing: isFailing, say: say)
        let facts = try await script.play()
        let reader = DayReader(plan: plan, settings: settings, connection: connection, hub: hub, facts: facts)
        say("waiting until nothing is under way")
        let expected = plan.expected
        var (found, pushes) = try await settled(script, reader, expected)
        say("an operator sends \(plan.size.calls) ends of calls to the subscription again")
        for line in try await DayReplay(script: script, reader: reader).run() { found.add(.replay, line) }
        return DayReport(
            parts: expected.report(found: found), pushes: pushes.count, pushBound: pushes.bound,
            changes: pushes.changes, milliseconds: script.now() - facts.startedMilliseconds)
    }

    /// The end state: as it was meant, or as it is when it does not change any more.
    private func settled(
        _ script: DayScript, _ reader: DayReader, _ expected: DayState
    ) async throws -> (DayState, DayPushes) {
        var last: (DayState, DayPushes)?
        for _ in 0..<5 {
            try await script.wait("the queues to be empty") { try await isIdle(script.connection) }
            let now = try await reader.state()
            let parts = expected.report(found: now.state).filter { $0.part != .replay }
            if parts.allSatisfy(\.isGood) { return now }
            last = now
            try await find(script, reader)
        }
        guard let last else { throw DayFailure(description: "nothing was looked at") }
        return last
    }

    /// Twenty tells once: what was lost then is found by looking, which leaves the last minute to what may still be told.
    private func find(_ script: DayScript, _ reader: DayReader) async throws {
        let left = reader.facts.quietMilliseconds + Self.settleMilliseconds - script.now()
        if left > 0 {
            say("not all is there yet; in \(left / 1_000 + 1) s it is looked for what Twenty did not tell")
            try await Task.sleep(for: .milliseconds(left))
        }
        try await script.reconcile()
        try await Task.sleep(for: .seconds(1))
    }

    /// A search leaves out what changed within the last 60 s.
    private static let settleMilliseconds: Int64 = 62_000

    private func isIdle(_ connection: DayConnection) async throws -> Bool {
        let queues = try await connection.ask(.get, "/v1/queues")["items"]?.objects ?? []
        return queues.allSatisfy { queue in
            ["ready", "due", "running"].allSatisfy { queue[$0]?.integer == 0 }
        }
    }
}
