public import Basics

/// One event of the Hub or a CRM, checked. Members beyond the known ones are accepted and ignored, but count for
/// `canonicalBytes()`: a poster may send more than this version reads.
public struct Event: Sendable, Hashable {
    /// What happened.
    public let type: EventType
    /// The poster's own id of the event: the same again within a day is a duplicate.
    public let id: String?
    /// The account, 1 to 255 characters.
    public let domainName: String
    /// When it happened, if the poster says so.
    public let occurredAt: Timestamp?
    /// The call.
    public let callSID: String?
    /// The engagement.
    public let engagementID: String?
    /// The CRM workspace.
    public let workspaceID: String?
    /// The CRM person.
    public let personID: String?
    /// The system in which it happened, such as `twenty`: what it tells is not news there. Nil when the poster does not say.
    public let origin: String?
    /// What the poster adds; for a push it may carry the engagement's own fields.
    public let data: JSONObject?
    /// The posted object.
    public let source: JSONObject

    /// Checks one posted object. `pointer`: where it stands in its document, like `/3`.
    /// Throws every problem at once, never only the first.
    public init(_ value: JSONValue, pointer: String = "") throws(InputError) {
        guard let object = value.object else {
            let detail = "An event is a JSON object, not \(value.kindName)."
            throw InputError(problems: [FieldProblem(pointer: pointer, detail: detail)])
        }
        var fields = FieldReader(object, prefix: pointer)
        let type = Self.type(&fields)
        let id = fields.identifier("id")
        let domainName = fields.identifier("domain_name", isRequired: true)
        occurredAt = fields.timestamp("occurred_at")
        callSID = fields.identifier("call_sid")
        engagementID = fields.identifier("engagement_id")
        workspaceID = fields.identifier("workspace_id")
        personID = fields.identifier("person_id")
        // Anything else under this name is the poster's own affair.
        origin = object["origin"]?.string
        data = fields.nested("data")
        if let type {
            Self.requireIDs(type, &fields)
            if type.isPushed, let data {
                var own = FieldReader(data, prefix: pointer + "/data")
                EngagementFields.check(&own)
                fields.append(own.problems)
            }
        }
        guard let type, let domainName, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        self.type = type
        self.id = id
        self.domainName = domainName
        source = object
    }

    /// The posted object with its keys sorted at every level and without white space: equal for equal content, so it
    /// is what a digest for idempotency is made of. Numbers compare by their text. Cost: about 2 us for 600 bytes.
    public func canonicalBytes() -> [UInt8] { JSONValue.object(source).canonical() }

    /// Whether the push is built from the event's own data instead of the Hub's views.
    public var carriesEngagement: Bool { type.isPushed && EngagementFields.carriesStatus(data) }

    /// The known members as JSON, for a job's arguments.
    func write(to writer: inout JSONWriter, typeName: String? = nil, engagementID: String? = nil) {
        writer.beginObject()
        let members: [(String, String?)] = [
            ("id", id), ("type", typeName ?? type.name), ("domain_name", domainName),
            ("occurred_at", occurredAt?.iso8601Microseconds), ("call_sid", callSID),
            ("engagement_id", engagementID ?? self.engagementID), ("workspace_id", workspaceID),
            ("person_id", personID), ("origin", origin),
        ]
        for (key, value) in members {
            guard let value else { continue }
            writer.key(key)
            writer.string(value)
        }
        if let data {
            writer.key("data")
            writer.value(.object(data))
        }
        writer.endObject()
    }

    private static func type(_ fields: inout FieldReader) -> EventType? {
        guard let value = fields.member("type") else {
            fields.report("type", "This field is required.")
            return nil
        }
        guard let name = value.string else {
            fields.report("type", "A string is expected, not \(value.kindName).")
            return nil
        }
        guard let type = EventType(name) else {
            fields.report("type", "No such event type is known; see the list of types in the API's description.")
            return nil
        }
        return type
    }

    private static func requireIDs(_ type: EventType, _ fields: inout FieldReader) {
        switch type.family {
        case .engagement, .call, .callLog:
            guard fields.member("call_sid") == nil, fields.member("engagement_id") == nil else { return }
            let key = type.family == .engagement ? "engagement_id" : "call_sid"
            fields.report(key, "\(type.name) needs a call_sid or an engagement_id.")
        case .workspace:
            guard fields.member("workspace_id") == nil else { return }
            fields.report("workspace_id", "\(type.name) needs a workspace_id.")
        case .object: return
        }
    }
}
