public import Basics

/// One change of a record in a Twenty workspace, whoever told us of it and in whatever form.
public struct InboundChange: Sendable, Hashable {
    /// Who told us.
    public enum Source: String, Sendable, Hashable, CaseIterable {
        /// Twenty itself.
        case webhook
        /// We found it, since Twenty does not repeat what did not arrive.
        case reconciliation
    }

    /// What happened. The raw value is the part of an event's type behind the dot.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        case created, updated
        /// Put into the trash.
        case deleted
        /// Taken out of it.
        case restored
        /// Gone for good.
        case destroyed

        /// Whether the record is gone now, so that the one told is its last state.
        var isRemoval: Bool { self == .deleted || self == .destroyed }
    }

    /// Who told us.
    public let source: Source
    /// The same for every telling of the same change by the same webhook: 32 hexadecimal digits.
    public let key: String
    /// Singular, such as `person`.
    public let object: String
    /// What happened.
    public let action: Action
    /// Where it happened.
    public let workspaceID: String
    /// The webhook in Twenty that told it.
    public let webhookID: String?
    /// When it was told; not when it happened, which Twenty does not say.
    public let at: Timestamp
    /// The record after the change; the last state of one that is gone.
    public let record: JSONObject
    /// The record before it, where that was told. Twenty itself never does.
    public let previous: JSONObject?
    /// Names of the fields that changed, sorted; empty where nobody says.
    public let updatedFields: [String]
    /// Who did it, as far as that was told: `userId`, `workspaceMemberId`.
    public let actor: JSONObject

    /// The record's id.
    public var recordID: String? { record["id"]?.string }
    /// When the record was changed last, in µs.
    public var updatedAt: Int64? { Self.microseconds(record["updatedAt"]) }
    /// When it was created, in µs.
    public var createdAt: Int64? { Self.microseconds(record["createdAt"]) }
    /// When it was put into the trash, in µs.
    public var deletedAt: Int64? { Self.microseconds(record["deletedAt"]) }
    /// Such as `person.created`.
    public var type: String { "\(object).\(action.rawValue)" }

    /// Whether nothing changed but the record's place in a list that somebody sorts by hand, and what changes with every
    /// write.
    public var isMove: Bool {
        action == .updated && updatedFields.contains("position")
            && updatedFields.allSatisfy(Self.changedByMoves.contains)
    }

    private static let changedByMoves: Set<String> = ["position", "updatedAt", "updatedBy"]

    private static func microseconds(_ value: JSONValue?) -> Int64? {
        value?.string.flatMap { Timestamp(iso8601: $0) }?.microseconds
    }

    /// The same change under another action: what is missing of it.
    func told(as action: Action) -> InboundChange {
        InboundChange(
            source: source, key: key, object: object, action: action, workspaceID: workspaceID, webhookID: webhookID,
            at: at, record: record, previous: previous, updatedFields: updatedFields, actor: actor)
    }

    /// The event for subscriptions: they are told what Twenty told, in the form of any event about an object.
    ///
    /// - Parameter domainName: the account that the workspace belongs to.
    func event(domainName: String) -> EndpointEvent {
        let id = "twenty_\(key)"
        var data: [JSONObject.Member] = [.init(key: "object", value: .string(object))]
        if let recordID { data.append(.init(key: "id", value: .string(recordID))) }
        data.append(.init(key: "record", value: .object(record)))
        if let previous { data.append(.init(key: "previousRecord", value: .object(previous))) }
        if !updatedFields.isEmpty {
            data.append(.init(key: "updatedFields", value: .array(updatedFields.map { .string($0) })))
        }
        data += actor.members
        var members: [JSONObject.Member] = [
            .init(key: "id", value: .string(id)), .init(key: "type", value: .string(type)),
            .init(key: "domain_name", value: .string(domainName)),
            .init(key: "occurred_at", value: .string(at.iso8601)),
            .init(key: "workspace_id", value: .string(workspaceID)),
        ]
        if object == "person", let recordID { members.append(.init(key: "person_id", value: .string(recordID))) }
        members.append(.init(key: "origin", value: .string(CRMTarget.twenty.rawValue)))
        members.append(.init(key: "data", value: .object(JSONObject(members: data))))
        return EndpointEvent(id: id, type: type, at: at, source: JSONObject(members: members))
    }
}
