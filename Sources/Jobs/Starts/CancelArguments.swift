import Basics

/// The arguments of `engagement.cancel` jobs.
struct CancelArguments: Sendable, Hashable {
    /// The Hub's id.
    let engagementID: String
    /// The start that it is of; nil for one that began elsewhere.
    let startID: String?
    /// Whose it is.
    let scope: EngagementStart.Scope

    init(engagementID: String, startID: String?, scope: EngagementStart.Scope) {
        (self.engagementID, self.startID, self.scope) = (engagementID, startID, scope)
    }

    static func decode(_ bytes: [UInt8]) throws(InputError) -> CancelArguments {
        var fields = FieldReader(try JSONObject.posted(bytes, "The arguments"))
        let engagement = fields.identifier("engagement_id", isRequired: true)
        let start = fields.identifier("start"), workspace = fields.identifier("workspace_id")
        let domain = fields.identifier("domain_name")
        guard let engagement, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        return CancelArguments(
            engagementID: engagement, startID: start,
            scope: .init(workspaceID: workspace, domainName: domain ?? ""))
    }

    func encoded() -> [UInt8] {
        let members: [(String, String?)] = [
            ("engagement_id", engagementID), ("start", startID), ("workspace_id", scope.workspaceID),
            ("domain_name", scope.domainName.isEmpty ? nil : scope.domainName),
        ]
        let object = JSONObject(
            members: members.compactMap { key, value in value.map { .init(key: key, value: .string($0)) } })
        return JSONValue.object(object).encoded()
    }
}
