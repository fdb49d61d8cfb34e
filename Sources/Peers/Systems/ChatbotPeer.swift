public import Basics

/// domain-chatbot's routes for the CRM.
public struct ChatbotPeer: Peer {
    public let name = PeerName.chatbot
    private let domains: Domains
    private let secrets: PeerSecrets

    /// - Parameter domains: its accounts.
    public init(_ domains: Domains, secrets: PeerSecrets) { (self.domains, self.secrets) = (domains, secrets) }

    public func answer(_ request: PeerRequest) -> PeerAnswer {
        let parts = request.segments
        switch (request.method, parts.first, parts.count) {
        case (_, "healthz", _): return .json(200, ["status": .string("ok")])
        case ("POST", "auth", 2) where parts[1] == "login": return login(request)
        case (_, "regenerate-index", 2):
            guard request.bearer == secrets.superAdminToken else { return .unauthorized }
            return admin(request, parts[1])
        case ("POST", "stats", 5) where parts[1] == "domains" && parts[3] == "crm":
            guard parts[4] == "person-ownership-context" else { return .unknownRoute }
            guard request.bearer == secrets.chatbotKey else { return .unauthorized }
            return ownership(request, parts[2])
        default: return .unknownRoute
        }
    }

    private func login(_ request: PeerRequest) -> PeerAnswer {
        guard request.text("username") == secrets.superAdminName,
            request.text("password") == secrets.superAdminPassword
        else { return .unauthorized }
        return .json(
            200, ["access_token": .string(secrets.superAdminToken), "token_type": .string("bearer")])
    }

    private func admin(_ request: PeerRequest, _ route: String) -> PeerAnswer {
        if request.method == "GET", route == "provision-crm-workspaces" {
            let list = domains.crm.read { $0.workspaces.map { JSONValue.object(ProvisioningPeer.summary($0)) } }
            return .json(200, ["workspaces": .array(list)])
        }
        guard request.method == "POST" else { return .unknownRoute }
        let id = request.text("workspaceId") ?? request.text("workspace_id")
        guard let workspace = domains.workspace(id: id) else { return .error(404, "Workspace not found") }
        switch route {
        case "provision-from-crm-workspace":
            var settings = request.object
            settings.members.removeAll { ["workspaceId", "workspace_id"].contains($0.key) }
            guard let domain = domains.provision(workspace, settings) else {
                return .error(422, "The subdomain is no valid domain: [a-z0-9-]{3,30}")
            }
            _ = domains.synchronize(domains.workspace(id: workspace.id) ?? workspace)
            return .json(
                200,
                [
                    "status": .string("ok"), "domainName": .string(domain.name), "created": .bool(domain.isNew),
                ])
        case "sync-crm-workspace-members":
            guard workspace.hubConnected else {
                return .json(200, ["status": .string("skipped"), "reason": .string("hub_not_linked")])
            }
            let (added, existing) = domains.synchronize(workspace)
            return .json(
                200, ["status": .string("ok"), "added": .texts(added), "existing": .texts(existing)])
        default: return .unknownRoute
        }
    }

    private func ownership(_ request: PeerRequest, _ domain: String) -> PeerAnswer {
        guard let id = domains.workspaceID(ofDomain: domain) else { return .error(404, "Domain not found") }
        var body = request.object
        body.set("workspaceId", .string(id))
        // It knows the Hub's users by their ids, and the CRM by their addresses.
        if body.text("email") == nil, let user = body.text("externalUserId"),
            let email = domains.workspace(id: id)?.externalUsers[user]
        {
            body.set("email", .string(email))
        }
        let now = domains.crm.clock.text
        return domains.crm.change { [body] state in ProvisioningPeer.ownership(body, &state, now) }
    }

    public func state() -> JSONObject { ["domains": domains.json] }

    public func replace(_ state: JSONObject) throws(InputError) {
        if let items = state["domains"]?.objects { domains.replace(items) }
    }
}
