public import Basics

/// The assistant, which provisions the Hub when the CRM asks for it.
public struct AssistantPeer: Peer {
    public let name = PeerName.assistant
    private let domains: Domains
    private let secret: String

    /// - Parameter domains: what it provisions.
    public init(_ domains: Domains, secrets: PeerSecrets) { (self.domains, secret) = (domains, secrets.callback) }

    public func answer(_ request: PeerRequest) -> PeerAnswer {
        if request.segments.first == "healthz" { return .json(200, ["status": .string("ok")]) }
        guard request.method == "POST", request.segments == ["internal", "crm-hub-provision"] else {
            return .unknownRoute
        }
        guard request.bearer == secret else { return .unauthorized }
        guard let workspace = domains.workspace(id: request.text("workspaceId")) else {
            return .error(404, "Workspace not found")
        }
        switch request.text("action") {
        case "full": return full(workspace)
        case "sync_members":
            guard workspace.hubConnected else { return Self.skipped("hub_not_linked") }
            return members(workspace, [:])
        default: return .error(422, "action must be full or sync_members")
        }
    }

    private func full(_ workspace: Workspace) -> PeerAnswer {
        guard workspace.activationStatus == "ACTIVE" else { return Self.skipped("workspace_not_active") }
        guard !workspace.hubConnected else { return Self.skipped("already_linked") }
        guard let domain = domains.provision(workspace, JSONObject()) else { return Self.skipped("invalid_slug") }
        return members(
            domains.workspace(id: workspace.id) ?? workspace,
            ["domainName": .string(domain.name), "created": .bool(domain.isNew)])
    }

    private func members(_ workspace: Workspace, _ more: JSONObject) -> PeerAnswer {
        let (added, existing) = domains.synchronize(workspace)
        var answer: JSONObject = ["status": .string("ok")]
        answer.merge(more)
        answer.merge(["added": .texts(added), "existing": .texts(existing)])
        return .json(200, answer)
    }

    private static func skipped(_ reason: String) -> PeerAnswer {
        .json(200, ["status": .string("skipped"), "reason": .string(reason)])
    }

    public func state() -> JSONObject { ["domains": domains.json] }

    public func replace(_ state: JSONObject) throws(InputError) {
        if let items = state["domains"]?.objects { domains.replace(items) }
    }
}
