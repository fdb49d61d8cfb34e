import Basics

/// Whose a person in Twenty is to be: the member who started the call, and the field that the CRM's wall goes by.
struct OwnershipContext: Sendable, Hashable {
    /// The member's id.
    let memberID: String
    /// The name that is shown.
    let displayName: String
    /// The wall's own field, such as `tipsAgentId`, if there is one.
    let scope: JSONObject

    /// Reads an answer; nil where it names no member: then the person stays the system's.
    init?(_ answer: JSONObject) {
        guard let memberID = answer["workspaceMemberId"]?.string, !memberID.isEmpty else { return nil }
        self.memberID = memberID
        displayName = answer["displayName"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? Self.standardName
        if let name = answer["personWallScopeFieldName"]?.string, Self.isField(name),
            let value = answer["personWallScopeValue"], Self.isPlain(value)
        {
            scope = JSONObject(members: [.init(key: name, value: value)])
        } else {
            scope = [:]
        }
    }

    /// Without a name Twenty would put the key's own actor in its place; a member's own is what the wall lets through.
    var actor: TwentyActor { TwentyActor(source: "MANUAL", name: displayName, workspaceMemberID: memberID) }

    /// Whether a record is nobody's yet: made by a key, an application or the system itself.
    static func isUnattributed(_ record: TwentyRecord) -> Bool {
        guard let actor = record.createdBy else { return true }
        return (actor.workspaceMemberID ?? "").isEmpty && systemSources.contains(actor.source)
    }

    private static let systemSources: Set<String> = ["", "SYSTEM", "API", "APPLICATION"]
    private static let standardName = "Aventora"
    /// What the person has anyway.
    private static let taken: Set<String> = ["id", "name", "emails", "phones", "createdBy", "companyId", "deletedAt"]

    private static func isField(_ name: String) -> Bool { EventType.isObjectName(name) && !taken.contains(name) }

    private static func isPlain(_ value: JSONValue) -> Bool {
        switch value {
        case .string, .number, .bool: true
        default: false
        }
    }
}
