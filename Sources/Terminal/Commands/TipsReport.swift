import Basics
import Jobs
import Operator

/// A sync as programs are shown it.
struct TipsReport: Encodable {
    let id: String
    let state: String
    let dryRun: Bool
    let startedAt: String
    let endedAt: String?
    let agents: [String: Int64]
    let clients: [String: Int64]
    let error: String?

    private enum CodingKeys: String, CodingKey {
        case id, state, agents, clients, error
        case dryRun = "dry_run"
        case startedAt = "started_at"
        case endedAt = "ended_at"
    }

    init(_ run: TipsRun) {
        (id, state, dryRun) = (run.id, run.state.rawValue, run.isDryRun)
        startedAt = Timestamp(milliseconds: run.startedAtMilliseconds).iso8601
        endedAt = run.endedAtMilliseconds.map { Timestamp(milliseconds: $0).iso8601 }
        agents = run.agents
        clients = [
            "created": run.created, "updated": run.updated, "unchanged": run.unchanged, "failed": run.failed,
        ]
        error = run.error ?? run.agentError
    }

    /// For people.
    static func lines(_ run: TipsRun) -> [String] {
        var lines = ["sync \(run.id) is \(run.state.rawValue)\(run.isDryRun ? " (dry run: nothing was written)" : "")"]
        lines.append(run.summary)
        if let error = run.error { lines.append("error: \(error)") }
        if let error = run.agentError { lines.append("first failure: agent \(error)") }
        return lines
    }

    /// A bar over the agents.
    static func progress(_ run: TipsRun) -> String {
        guard run.isListed else { return "reading the agents" }
        let all = run.agents.values.reduce(0, +)
        let ended = all - run.agents["pending", default: 0]
        let width: Int64 = 20
        let full = all == 0 ? width : ended * width / all
        let bar = String(repeating: "#", count: Int(full)) + String(repeating: ".", count: Int(width - full))
        return "[\(bar)] \(ended) of \(all) agents; clients: \(run.created) created, \(run.updated) updated, "
            + "\(run.unchanged) unchanged, \(run.failed) failed"
    }

    /// One line of JSON.
    static func step(_ run: TipsRun, _ session: Session) throws {
        let line = try ResourceJSON.encode(TipsReport(run), isIndented: false)
        session.screen.write(String(decoding: line, as: UTF8.self) + "\n")
    }
}
