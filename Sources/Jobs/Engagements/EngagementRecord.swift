public import Basics

/// What is known of one engagement: all that a push needs.
public struct EngagementRecord: Sendable, Hashable {
    /// The engagement's id, if it has one of its own.
    public var engagementID: String?
    /// The CRM person.
    public var personID: String?
    /// Its status.
    public var status: String?
    /// Its outcome.
    public var outcome: String?
    /// The call result's own summary; the rule of `EngagementPush.summary` makes the pushed one.
    public var summary: String?
    /// ISO-8601.
    public var startedAt: String?
    /// ISO-8601.
    public var completedAt: String?
    /// The history as one JSON value, normally an array; spliced into the body untouched.
    public var historyJSON: [UInt8]?
    /// The transcript as one JSON value, normally an array; spliced into the body untouched.
    public var transcriptJSON: [UInt8]?
    /// phone, sms, email.
    public var channel: String?
    /// The mode, like informational or conversational.
    public var type: String?
    /// The phone number or address that was reached.
    public var contactIdentifier: String?
    /// inbound or outbound.
    public var direction: String?
    /// The call.
    public var callSID: String?
    /// The account.
    public var domainName: String?
    /// The CRM workspace.
    public var workspaceID: String?

    /// A record of which nothing is known.
    public init() {}

    /// The engagement that an event carries in its data; nil when it carries none. Times in UTC are kept as posted,
    /// others become UTC. A summary is taken from `summary`, else from `result_json.summary`.
    public init?(data: JSONObject?) {
        guard let data, EngagementFields.carriesStatus(data) else { return nil }
        func text(_ key: String) -> String? { data[key]?.string }
        engagementID = text("engagement_id")
        personID = text("person_id")
        status = text("status")
        outcome = text("outcome")
        let own = text("summary") ?? ""
        summary = own.isEmpty ? data["result_json"]?.object?["summary"]?.string : own
        startedAt = text("started_at").map(Self.utc)
        completedAt = text("completed_at").map(Self.utc)
        historyJSON = data["history"].flatMap { $0.isNull ? nil : $0.encoded() }
        transcriptJSON = data["transcript"].flatMap { $0.isNull ? nil : $0.encoded() }
        channel = text("channel")
        type = text("type")
        contactIdentifier = text("contact_identifier")
        direction = text("direction")
        callSID = text("call_sid")
        domainName = text("domain_name")
        workspaceID = text("workspace_id")
    }

    private static func utc(_ text: String) -> String {
        let isPlain = text.utf8.last == UInt8(ascii: "Z") && text.utf8.dropFirst(10).first == UInt8(ascii: "T")
        return isPlain ? text : Timestamp(iso8601: text)?.iso8601 ?? text
    }
}
