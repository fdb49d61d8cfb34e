import Postgres
import Queue

/// One engagement that a CRM asked for, from the wish on.
public struct EngagementStart: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It is to be started.
        case accepted
        /// The Hub has it.
        case started
        /// It could not be started.
        case failed
        /// It was cancelled before it was started, or at the Hub.
        case cancelled
        /// The Hub is done with it, one way or the other.
        case over

        /// Whether it holds its person.
        public var isActive: Bool { self == .accepted || self == .started }
    }

    /// Whose person it is: a person's id means something within a workspace, or within an account.
    public struct Scope: Sendable, Hashable {
        /// The CRM's workspace.
        public let workspaceID: String?
        /// The account at the Hub.
        public let domainName: String

        /// As it is stored.
        var text: String { workspaceID ?? "domain:" + domainName }

        public init(workspaceID: String?, domainName: String) {
            (self.workspaceID, self.domainName) = (workspaceID, domainName)
        }

        /// The lane of its jobs.
        var lane: String { "engagement:" + PushLane.token(domainName, maximumBytes: 120) }
    }

    /// What the Hub is asked for.
    public struct Plan: Sendable, Hashable {
        public let personID: String
        public let scope: Scope
        public let channel: EngagementChannel
        public let type: EngagementType
        public let instruction: String?
        /// A phone number or an e-mail address.
        public let contactIdentifier: String
    }

    /// `es_` and 20 characters; the Hub knows it as the idempotency key.
    public let id: String
    public let plan: Plan
    public let state: State
    /// The Hub's id, once it has one.
    public let engagementID: String?
    /// Why it failed, or why the last attempt did.
    public let error: String?
    /// The job that starts it.
    public let jobID: String
    /// Unix ms; nil: nobody asked for its end.
    public let cancelAskedAtMilliseconds: Int64?
    /// The job that ends it at the Hub.
    public let cancelJobID: String?
    /// Unix ms; until then a call may be on its way.
    public let callingUntilMilliseconds: Int64?
    /// Unix ms.
    public let giveUpAtMilliseconds: Int64
    /// Unix ms.
    public let createdAtMilliseconds: Int64
    /// When the Hub took it, Unix ms.
    public let startedAtMilliseconds: Int64?
    /// Unix ms; nil while it holds its person.
    public let endedAtMilliseconds: Int64?
    /// What the Hub last said of it, in its own words.
    public let hubStatus: String?
    /// The Hub's.
    public let outcome: String?
    /// The Hub's.
    public let summary: String?

    /// How long it may take to be started, in ms: a call that comes later surprises.
    public static let patienceMilliseconds: Int64 = 3_600_000

    private static let prefix = "es_"

    /// A name for a new one.
    public static func makeID(nowMilliseconds: Int64) -> String {
        prefix + JobID(nowMilliseconds: nowMilliseconds).description
    }

    /// Whether a text may be the name of one.
    public static func isID(_ text: String) -> Bool {
        text.hasPrefix(prefix) && JobID(String(text.dropFirst(prefix.count))) != nil
    }

    /// How it stands for whoever asks: the Hub's word where it has spoken.
    public var status: String {
        switch state {
        case .accepted, .started:
            cancelAskedAtMilliseconds != nil
                ? "cancelling" : state == .accepted ? state.rawValue : hubStatus ?? "accepted"
        case .failed, .cancelled: state.rawValue
        case .over: hubStatus ?? state.rawValue
        }
    }
}

extension EngagementStart {
    /// What ``init(_:)`` reads; `s` is the start, `e` the engagement at the Hub.
    static let columns = """
        s.id, s.person_id, s.workspace_id, s.domain_name, s.channel, s.type, s.instruction, s.contact_identifier, s.state,
        s.engagement_id, s.error, s.job_id, s.cancel_asked_at, s.cancel_job_id, s.calling_until, s.give_up_at, s.created_at,
        s.started_at, s.ended_at, e.status AS hub_status, e.outcome, e.summary
        """

    static let source = """
        crm.engagement_start AS s LEFT JOIN crm.aventora_engagement AS e ON e.engagement_id = s.engagement_id
        """

    /// Throws `unexpectedData` for words that no release writes.
    init(_ row: PostgresRow) throws {
        guard let channel = EngagementChannel(rawValue: try row.string("channel")),
            let type = EngagementType(rawValue: try row.string("type")),
            let state = State(rawValue: try row.string("state"))
        else { throw JobsError(.unexpectedData, "crm.engagement_start has a row with an unknown word") }
        id = try row.string("id")
        plan = Plan(
            personID: try row.string("person_id"),
            scope: Scope(
                workspaceID: try row.optionalString("workspace_id"), domainName: try row.string("domain_name")),
            channel: channel, type: type, instruction: try row.optionalString("instruction"),
            contactIdentifier: try row.string("contact_identifier"))
        self.state = state
        engagementID = try row.optionalString("engagement_id")
        error = try row.optionalString("error")
        jobID = try row.string("job_id")
        cancelAskedAtMilliseconds = try row.optionalInstantMilliseconds("cancel_asked_at")
        cancelJobID = try row.optionalString("cancel_job_id")
        callingUntilMilliseconds = try row.optionalInstantMilliseconds("calling_until")
        giveUpAtMilliseconds = try row.instantMilliseconds("give_up_at")
        createdAtMilliseconds = try row.instantMilliseconds("created_at")
        startedAtMilliseconds = try row.optionalInstantMilliseconds("started_at")
        endedAtMilliseconds = try row.optionalInstantMilliseconds("ended_at")
        hubStatus = try row.optionalString("hub_status")
        outcome = try row.optionalString("outcome")
        summary = try row.optionalString("summary")
    }
}
