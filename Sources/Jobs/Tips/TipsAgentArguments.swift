internal import Basics

/// The arguments of a `tips.sync_agent` job: whom, for which sync, and how far it is.
struct TipsAgentArguments: Sendable, Hashable {
    /// How far an agent's clients are.
    struct Progress: Sendable, Hashable {
        var memberID: String?
        var since: Timestamp?
        /// The page that comes next.
        var page = 1
        /// The first client of the page before, by which a page that repeats is known.
        var previousFirst: String?
        var examined: Int64 = 0
        /// Clients of the coming page that an earlier run has written and counted.
        var counted: Int64 = 0
        var newest: Timestamp?
        var blocked: Timestamp?
        var tally = TipsTally()
    }

    let run: String
    let agent: TipsAgent
    let isDryRun: Bool
    var progress: Progress?

    init(run: String, agent: TipsAgent, isDryRun: Bool) {
        (self.run, self.agent, self.isDryRun) = (run, agent, isDryRun)
    }

    /// Nil for bytes that ``encoded()`` does not write.
    init?(_ bytes: [UInt8]) {
        let object: JSONObject?
        do { object = try JSONParser.parse(bytes).object } catch { object = nil }
        guard let object, let run = object["run"]?.string,
            let agent = object["agent"]?.object.flatMap({ TipsAgent($0) })
        else { return nil }
        self.init(run: run, agent: agent, isDryRun: object["dry_run"] == .bool(true))
        progress = object["progress"]?.object.map(Self.progress)
    }

    func encoded() -> [UInt8] {
        var object: JSONObject = [
            "run": .string(run), "agent": .object(agent.json), "dry_run": .bool(isDryRun),
        ]
        if let progress { object.members.append(.init(key: "progress", value: .object(Self.json(progress)))) }
        return JSONValue.object(object).encoded()
    }

    private static func json(_ progress: Progress) -> JSONObject {
        func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
        func number(_ number: Int64) -> JSONValue { .number("\(number)") }
        let tally = progress.tally
        return [
            "member": text(progress.memberID), "since": text(progress.since?.iso8601Microseconds),
            "page": number(Int64(progress.page)), "previous_first": text(progress.previousFirst),
            "examined": number(progress.examined), "counted": number(progress.counted),
            "newest": text(progress.newest?.iso8601Microseconds),
            "blocked": text(progress.blocked?.iso8601Microseconds), "created": number(tally.created),
            "updated": number(tally.updated), "unchanged": number(tally.unchanged), "failed": number(tally.failed),
            "error": text(tally.error),
        ]
    }

    private static func progress(_ object: JSONObject) -> Progress {
        func time(_ key: String) -> Timestamp? { object[key]?.string.flatMap { Timestamp(iso8601: $0) } }
        func number(_ key: String) -> Int64 { object[key]?.integer ?? 0 }
        var progress = Progress()
        progress.memberID = object["member"]?.string
        (progress.since, progress.newest, progress.blocked) = (time("since"), time("newest"), time("blocked"))
        progress.page = Int(max(1, min(number("page"), 10_000_000)))
        progress.previousFirst = object["previous_first"]?.string
        (progress.examined, progress.counted) = (number("examined"), number("counted"))
        progress.tally = TipsTally(
            created: number("created"), updated: number("updated"), unchanged: number("unchanged"),
            failed: number("failed"), error: object["error"]?.string)
        return progress
    }
}
