public import Basics

/// An event on its way to subscriptions: as posted, with the id and the time that the API gave it where it had none.
public struct EndpointEvent: Sendable, Hashable {
    /// What is posted to show that deliveries arrive.
    static let testType = "endpoint.test"

    /// The poster's id, or ours.
    public let id: String
    /// Such as `person.created`.
    public let type: String
    /// When it happened, else when it was accepted.
    public let at: Timestamp
    /// As posted.
    public let source: JSONObject

    /// The part before the dot.
    public var object: String { String(type.prefix { $0 != "." }) }
    /// The part behind it.
    public var action: String { String(type.drop { $0 != "." }.dropFirst()) }

    init(id: String, type: String, at: Timestamp, source: JSONObject) {
        self.id = id
        self.type = type
        self.at = at
        self.source = source
    }

    /// - Parameter acceptedMilliseconds: when the API took it, Unix ms.
    public init(_ event: Event, id: String, acceptedMilliseconds: Int64) {
        self.init(
            id: id, type: event.type.name,
            at: event.occurredAt ?? Timestamp(milliseconds: acceptedMilliseconds), source: event.source)
    }

    /// What tells an owner that deliveries arrive.
    static func test(id: String, atMilliseconds: Int64, endpointID: String) -> EndpointEvent {
        let record: JSONObject = ["id": .string(endpointID), "message": .string("A test of this endpoint.")]
        return EndpointEvent(
            id: id, type: testType, at: Timestamp(milliseconds: atMilliseconds),
            source: [
                "id": .string(id), "type": .string(testType), "domain_name": .string("test"),
                "data": .object(["record": .object(record)]),
            ])
    }

    /// The workspace, if the event names one.
    var workspaceID: String? { source["workspace_id"]?.string }

    /// Whether the record is gone now, so that its state is the one before.
    var isRemoval: Bool { action == "deleted" || action == "destroyed" }

    /// The state after the event; of a removal the last one.
    ///
    /// `data.record` where it is posted, else `data.attributes`, else `data` itself; an event that is about no record,
    /// such as `call.completed`, also has the ids that stand beside its data.
    var record: JSONObject {
        let data = source["data"]?.object ?? JSONObject()
        if let record = data["record"]?.object ?? data["attributes"]?.object { return withID(record, data) }
        let own = data.members.filter { !Self.aroundRecord.contains($0.key) }
        guard EventType(type)?.family != .object else { return JSONObject(members: own) }
        var members: [JSONObject.Member] = []
        if let id = source["engagement_id"] ?? source["call_sid"] ?? source["workspace_id"], data["id"] == nil {
            members.append(.init(key: "id", value: id))
        }
        for key in Self.ids where data[key] == nil {
            if let value = source[key], !value.isNull { members.append(.init(key: key, value: value)) }
        }
        return JSONObject(members: members + own)
    }

    /// The state before the event; nil when it was not posted.
    var previous: JSONObject? {
        let data = source["data"]?.object ?? JSONObject()
        return data["previousRecord"]?.object ?? data["previous_record"]?.object ?? data["previousAttributes"]?.object
    }

    private static let aroundRecord: Set<String> = [
        "previousRecord", "previous_record", "previousAttributes", "updatedFields", "updated_fields",
    ]
    private static let ids = ["domain_name", "call_sid", "engagement_id", "workspace_id", "person_id"]

    private func withID(_ record: JSONObject, _ data: JSONObject) -> JSONObject {
        guard record["id"] == nil, let id = data["id"], !id.isNull else { return record }
        return JSONObject(members: [.init(key: "id", value: id)] + record.members)
    }
}
