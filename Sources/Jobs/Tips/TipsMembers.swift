internal import Basics
internal import Curl

/// Sees to it that an agent is a user of the CRM's workspace, with their role and fields.
struct TipsMembers: Sendable {
    let connections: TipsConnections
    let isDryRun: Bool

    /// An agent cannot be a user as they are.
    struct Unusable: Error, Sendable, CustomStringConvertible {
        let description: String
    }

    /// The agent's member; nil in a dry run where there is none yet. Doing it again is harmless.
    func ensure(_ agent: TipsAgent) async throws -> String? {
        guard agent.email.contains("@") else { throw Unusable(description: "the agent has no e-mail address") }
        let known = try await connections.store.member(of: agent.id)
        if isDryRun {
            if let known { return known.id }
            return try await find(agent.email)?.id
        }
        let id = try await provision(agent)
        if known?.id != id || known?.role != agent.role {
            guard let role = try await connections.twenty.roles()[agent.role] else {
                throw Unusable(
                    description: "the workspace has no role '\(agent.role)'; aventora tips bootstrap-fields makes it")
            }
            try await connections.twenty.setRole(role, ofMember: id)
        }
        guard let record = try await connections.twenty.find(.workspaceMembers, id: id) else {
            throw Unusable(description: "the workspace has no member \(id), whom its provisioning named")
        }
        let changes = agent.memberFields.members.filter { !$0.value.isCovered(by: record[$0.key]) }
        if !changes.isEmpty {
            _ = try await connections.twenty.patchMember(id: id, JSONObject(members: changes))
        }
        try await connections.store.save(id, role: agent.role, of: agent.id)
        return id
    }

    /// The member that the provisioning made or found; older ones name only the user.
    private func provision(_ agent: TipsAgent) async throws -> String {
        let body: JSONObject = [
            "workspaceId": .string(connections.workspace), "email": .string(agent.email),
            "firstName": .string(agent.firstName), "lastName": .string(agent.lastName),
        ]
        let reply = try await connections.provisioning.send(
            ServiceRequest(.post, "/auth/provision/user", body: JSONValue.object(body).encoded()))
        let answer = try reply.success().json().object
        if let id = answer?["workspaceMemberId"]?.string, !id.isEmpty { return id }
        guard let member = try await find(agent.email) else {
            throw Unusable(description: "the workspace has no member with the agent's address")
        }
        return member.id
    }

    private func find(_ email: String) async throws(TwentyError) -> TwentyRecord? {
        let filter = try TwentyClient.filter { () throws(TwentyFilter.Fault) in
            try .compare("userEmail", .eq, email)
        }
        return try await connections.twenty.page(.workspaceMembers, TwentyQuery(filter: filter, limit: 1)).records.first
    }
}
