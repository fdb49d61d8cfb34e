internal import Basics

/// What the CRM's workspace needs before anything of TIPS can be written: fields and a role.
enum TipsFields {
    /// The role of agents who use the Hub.
    static let hubRole = "Member (Aventora Hub)"
    /// The role of the others, which every workspace has.
    static let memberRole = "Member"

    /// One field of an object.
    struct Field: Sendable, Hashable {
        let object: String
        let name: String
        let label: String
        let type: String
        var isUnique = false
    }

    static let all = [
        Field(object: "person", name: "tipsClientId", label: "TIPS client", type: "TEXT", isUnique: true),
        Field(object: "person", name: "tipsAgentId", label: "TIPS agent", type: "NUMBER"),
        Field(object: "person", name: "tipsStatus", label: "TIPS status", type: "TEXT"),
        Field(object: "workspaceMember", name: "tipsAgentId", label: "TIPS agent", type: "NUMBER"),
        Field(object: "workspaceMember", name: "tipsCrmEnabled", label: "TIPS CRM", type: "BOOLEAN"),
        Field(object: "workspaceMember", name: "tipsCrmHubEnabled", label: "TIPS CRM Hub", type: "BOOLEAN"),
        Field(object: "workspaceMember", name: "tipsPhone", label: "TIPS phone", type: "TEXT"),
    ]

    /// Those that a workspace does not have.
    static func missing(_ objects: [TwentyObjectFields]) -> [Field] {
        all.filter { field in
            !objects.contains { $0.name == field.object && $0.fields.contains(field.name) }
        }
    }
}
