public import Basics

/// An engagement push that came in at the receiver, checked. Members that are absent stay as they are in the store;
/// members that are null become null. Members that are not known are ignored.
public struct ReceivedPush: Sendable, Hashable {
    /// The engagement.
    public let engagementID: String
    /// When the sender built it: a push that is not newer than the stored one changes nothing.
    public let sentAt: Timestamp
    /// The CRM person, if the push names one.
    public let personID: String?
    /// The workspace, if the push names one.
    public let workspaceID: String?
    /// The account, if the push names one.
    public let domainName: String?
    /// The push's status, for logs.
    public let status: String?
    /// Entries of the history, nil when the push has none.
    public let historyCount: Int?
    /// Entries of the transcript, nil when the push has none.
    public let transcriptCount: Int?
    /// The known members that the push holds, nulls included, with times in UTC: what the store writes.
    public let fields: JSONObject

    /// Decodes a request's body, or a job's arguments. Throws every problem at once.
    public static func decode(
        _ bytes: [UInt8],
        maximumBytes: Int = 1_048_576,
    ) throws(InputError) -> ReceivedPush {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: maximumBytes))
        } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            let detail = "A push is a JSON object, not \(value.kindName)."
            throw InputError(problems: [FieldProblem(pointer: "", detail: detail)])
        }
        return try ReceivedPush(object)
    }

    /// Checks a push.
    public init(_ object: JSONObject) throws(InputError) {
        var reader = FieldReader(object)
        var known: [String: JSONValue] = [:]
        let engagementID = reader.identifier("engagement_id", isRequired: true)
        let sentAt = reader.timestamp("sent_at", isRequired: true)
        for key in EngagementFields.identifiers { known[key] = reader.identifier(key, again: engagementID) }
        for key in EngagementFields.texts + ["event_type", "delivery_type"] {
            known[key] = reader.text(key).map(JSONValue.string)
        }
        for key in EngagementFields.times { known[key] = reader.timestamp(key).map { .string($0.iso8601Microseconds) } }
        for key in EngagementFields.lists { known[key] = reader.array(key).map(JSONValue.array) }
        guard let engagementID, let sentAt, reader.problems.isEmpty else { throw InputError(problems: reader.problems) }
        self.engagementID = engagementID
        self.sentAt = sentAt
        personID = known["person_id"]?.string
        workspaceID = known["workspace_id"]?.string
        domainName = known["domain_name"]?.string
        status = known["status"]?.string
        historyCount = known["history"]?.array?.count
        transcriptCount = known["transcript"]?.array?.count
        var members: [JSONObject.Member] = []
        for key in Self.storedKeys where object[key] != nil {
            members.append(JSONObject.Member(key: key, value: known[key] ?? .null))
        }
        fields = JSONObject(members: members)
    }

    /// Why an unknown engagement of this push cannot be created; nil when it can.
    public var reasonNotCreatable: String? {
        if personID == nil { return "unknown engagement, and the push has no person_id" }
        if workspaceID == nil, domainName == nil {
            return "unknown engagement, and the push has neither workspace_id nor domain_name"
        }
        return nil
    }

    /// The arguments of the job that stores it: the whole push, as `decode` reads it.
    public func arguments() -> [UInt8] {
        var object = fields
        object.members.append(JSONObject.Member(key: "engagement_id", value: .string(engagementID)))
        object.members.append(JSONObject.Member(key: "sent_at", value: .string(sentAt.iso8601Microseconds)))
        return JSONValue.object(object).encoded()
    }

    /// The columns a push can change.
    static let storedKeys =
        EngagementFields.identifiers.dropFirst() + EngagementFields.texts + EngagementFields.times
        + EngagementFields.lists + ["event_type", "delivery_type"]
}

extension FieldReader {
    /// An id as a value; the engagement's own is read already and not reported twice.
    fileprivate mutating func identifier(_ key: String, again engagementID: String?) -> JSONValue? {
        key == "engagement_id" ? engagementID.map(JSONValue.string) : identifier(key).map(JSONValue.string)
    }
}
