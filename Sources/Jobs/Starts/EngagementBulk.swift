import Basics
import Postgres
import Queue

/// Many people who are engaged one after the other with one wish.
public struct EngagementBulk: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// People have their turns.
        case running
        /// Everybody has had a turn.
        case done
        /// Somebody ended it; what was begun goes on.
        case cancelled
        /// It could not go on; `error` says why.
        case failed
    }

    /// `eb_` and 20 characters.
    public let id: String
    public let state: State
    /// Whose people.
    public let workspaceID: String?
    public let domainName: String
    /// The same for all.
    public let wish: EngagementWish
    public let pacePerMinute: Int
    public let total: Int
    /// Unix ms: nobody's turn comes earlier.
    public let nextAtMilliseconds: Int64
    /// The job that works through it.
    public let runner: String
    public let error: String?
    /// Unix ms.
    public let createdAtMilliseconds: Int64
    /// Unix ms; nil while it runs.
    public let endedAtMilliseconds: Int64?

    private static let prefix = "eb_"

    /// A name for a new one.
    public static func makeID(nowMilliseconds: Int64) -> String {
        prefix + JobID(nowMilliseconds: nowMilliseconds).description
    }

    /// Whether a text may be the name of one.
    public static func isID(_ text: String) -> Bool {
        text.hasPrefix(prefix) && JobID(String(text.dropFirst(prefix.count))) != nil
    }

    /// How many are begun together: a second's worth.
    var turnCount: Int { max(1, pacePerMinute / 60) }

    /// How long after so many the next turn comes, in ms.
    func pauseMilliseconds(after count: Int) -> Int64 { Int64(count) * 60_000 / Int64(pacePerMinute) }

    static let columns = """
        id, state, workspace_id, domain_name, wish, pace_per_minute, total, next_at, runner, error, created_at, ended_at
        """

    /// Throws `unexpectedData` for a state that no release writes.
    init(_ row: PostgresRow) throws {
        guard let state = State(rawValue: try row.string("state")) else {
            throw JobsError(.unexpectedData, "crm.engagement_bulk has a row with an unknown state")
        }
        id = try row.string("id")
        self.state = state
        workspaceID = try row.optionalString("workspace_id")
        domainName = try row.string("domain_name")
        wish = EngagementWish(stored: try JSONParser.parse(try row.json("wish")).object ?? [:])
        pacePerMinute = Int(try row.integer("pace_per_minute"))
        total = Int(try row.integer("total"))
        nextAtMilliseconds = try row.instantMilliseconds("next_at")
        runner = try row.string("runner")
        error = try row.optionalString("error")
        createdAtMilliseconds = try row.instantMilliseconds("created_at")
        endedAtMilliseconds = try row.optionalInstantMilliseconds("ended_at")
    }
}

/// How far a bulk is.
public struct EngagementBulkProgress: Sendable, Hashable {
    /// People whose turn is to come; of one that has ended, those who had none.
    public var waiting = 0
    /// People whose engagement was accepted, by how it stands now.
    public var starts: [EngagementStart.State: Int] = [:]
    /// People who were passed over, by reason.
    public var skipped: [String: Int] = [:]
}
