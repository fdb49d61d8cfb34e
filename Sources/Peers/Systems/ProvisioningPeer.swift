public import Basics

/// The CRM's provisioning routes: `/auth/provision/…`.
public struct ProvisioningPeer: Peer {
    public let name = PeerName.provisioning
    let crm: CRM
    let secret: String

    /// - Parameter crm: shared with the other parts of the CRM.
    public init(_ crm: CRM, secrets: PeerSecrets) { (self.crm, secret) = (crm, secrets.provisioning) }

    public func answer(_ request: PeerRequest) -> PeerAnswer {
        if request.segments.first == "healthz" { return .json(200, ["status": .string("ok")]) }
        guard request.segments.count == 3, request.segments.starts(with: ["auth", "provision"]) else {
            return .unknownRoute
        }
        guard request.bearer == secret else { return .unauthorized }
        let now = crm.clock.text
        return crm.change { state in
            switch (request.method, request.segments[2]) {
            case ("POST", "resolve"): Self.resolve(request, &state, now)
            case ("POST", "user"): Self.addUser(request, &state, now)
            case ("POST", "workspace"): Self.addWorkspace(request, &state, now)
            case ("GET", "workspace"): Self.look(request, state)
            case ("DELETE", "workspace"): Self.delete(request, &state)
            case ("GET", "workspaces"): Self.list(request, state)
            case ("POST", "person-ownership-context"): Self.ownership(request.object, &state, now)
            case ("POST", "link-workspace"): Self.link(request, &state)
            case ("POST", "demo-tenant"): Self.addDemo(request, &state, now)
            default: .unknownRoute
            }
        }
    }

    public func state() -> JSONObject {
        crm.read { ["workspaces": .array($0.workspaces.map { .object(TwentyState.settings($0)) })] }
    }

    public func replace(_ state: JSONObject) throws(InputError) {
        let now = crm.clock.text
        try crm.change { (held) throws(InputError) in
            var next = held
            for item in state["workspaces"]?.objects ?? [] { try TwentyState.seed(item, &next, now: now) }
            held = next
        }
    }

    private static func make(
        _ subdomain: String, _ displayName: String?, admin: String, _ state: inout CRM.State, _ now: String
    ) -> (index: Int, isNew: Bool) {
        let known = state.index(subdomain: subdomain)
        let index = known ?? state.workspaces.count
        if known == nil {
            let id = PeerID.random()
            state.workspaces.append(
                Workspace(id: id, subdomain: subdomain, displayName: displayName ?? subdomain, apiKey: "key-\(id)"))
            state.workspaces[index].adminEmail = admin.lowercased()
        }
        return (index, known == nil)
    }

    private static func ensure(
        _ request: PeerRequest, _ email: String, _ index: Int, _ state: inout CRM.State, _ now: String
    ) -> (member: JSONObject, isNew: Bool) {
        CRM.ensureMember(
            email, firstName: request.text("firstName") ?? "", lastName: request.text("lastName") ?? "",
            in: &state.workspaces[index], now: now)
    }

    private static func resolve(_ request: PeerRequest, _ state: inout CRM.State, _ now: String) -> PeerAnswer {
        guard let email = request.text("email") else { return .error(400, "email is required") }
        let home = state.workspaces.firstIndex { $0.member(email: email) != nil }
        let wanted = request.text("tenantSubdomain")
        if let home, let wanted, state.workspaces[home].subdomain != wanted {
            return .error(400, "User belongs to another workspace")
        }
        let subdomain = wanted ?? "p-" + PeerID.derived(email.lowercased()).prefix(8)
        let place =
            home.map { ($0, false) }
            ?? make(subdomain, request.text("tenantDisplayName"), admin: email, &state, now)
        let user = ensure(request, email, place.0, &state, now)
        let workspace = state.workspaces[place.0]
        let made: JSONObject = ["workspace": .bool(place.1), "user": .bool(user.isNew)]
        return .json(
            200,
            [
                "workspaceId": .string(workspace.id), "userId": user.member["userId"] ?? .null,
                "subdomain": .string(workspace.subdomain), "wasCreated": .object(made),
            ])
    }

    private static func addUser(_ request: PeerRequest, _ state: inout CRM.State, _ now: String) -> PeerAnswer {
        guard let email = request.text("email"), email.contains("@") else { return .error(400, "email is required") }
        guard let index = request.text("workspaceId").flatMap({ state.index(id: $0) }) else {
            return .error(404, "Workspace not found")
        }
        let elsewhere = state.workspaces.indices.contains {
            $0 != index && state.workspaces[$0].member(email: email) != nil
        }
        guard !elsewhere else { return .error(400, "User belongs to another workspace") }
        let user = ensure(request, email, index, &state, now)
        return .json(
            200,
            [
                "userId": user.member["userId"] ?? .null, "workspaceMemberId": user.member["id"] ?? .null,
                "wasCreated": .bool(user.isNew),
            ])
    }

    private static func addWorkspace(
        _ request: PeerRequest, _ state: inout CRM.State, _ now: String
    ) -> PeerAnswer {
        guard let admin = request.text("adminEmail"), let subdomain = request.text("subdomain") else {
            return .error(400, "adminEmail and subdomain are required")
        }
        let place = make(subdomain, request.text("displayName"), admin: admin, &state, now)
        let user = ensure(request, admin, place.index, &state, now)
        var answer = summary(state.workspaces[place.index])
        answer.merge(["userId": user.member["userId"] ?? .null, "wasCreated": .bool(place.isNew)])
        return .json(200, answer)
    }

    private static func addDemo(_ request: PeerRequest, _ state: inout CRM.State, _ now: String) -> PeerAnswer {
        guard let subdomain = request.text("subdomain"), subdomain.count <= 30 else {
            return .error(400, "subdomain is required, of at most 30 characters")
        }
        let admin = request.text("adminEmail") ?? "demo@\(subdomain).test"
        let place = make(subdomain, request.text("displayName"), admin: admin, &state, now)
        _ = ensure(request, admin, place.index, &state, now)
        state.workspaces[place.index].isDemo = true
        var answer = summary(state.workspaces[place.index])
        answer.set("twentyApiKey", .string(state.workspaces[place.index].apiKey))
        return .json(200, answer)
    }

    private static func look(_ request: PeerRequest, _ state: CRM.State) -> PeerAnswer {
        let found = state.workspaces.first { workspace in
            workspace.subdomain == request.parameter("subdomain")
                || workspace.displayName == request.parameter("displayName")
        }
        return found.map { .json(200, summary($0)) } ?? .error(404, "Workspace not found")
    }

    private static func delete(_ request: PeerRequest, _ state: inout CRM.State) -> PeerAnswer {
        guard let index = request.parameter("subdomain").flatMap({ state.index(subdomain: $0) }) else {
            return .error(404, "Workspace not found")
        }
        let gone = state.workspaces.remove(at: index)
        return .json(200, ["deleted": .bool(true), "workspaceId": .string(gone.id)])
    }

    private static func list(_ request: PeerRequest, _ state: CRM.State) -> PeerAnswer {
        let status = request.parameter("activationStatus")
        let wanted = state.workspaces.filter { status == nil || $0.activationStatus == status }
        return .json(200, ["workspaces": .array(wanted.map { .object(summary($0)) })])
    }

    private static func link(_ request: PeerRequest, _ state: inout CRM.State) -> PeerAnswer {
        let index =
            request.text("workspaceId").flatMap { state.index(id: $0) }
            ?? request.text("subdomain").flatMap { state.index(subdomain: $0) }
        guard let index else { return .error(404, "Workspace not found") }
        state.workspaces[index].hubConnected = true
        state.workspaces[index].assignedDomain = request.text("domainName") ?? state.workspaces[index].subdomain
        var answer = summary(state.workspaces[index])
        answer.set("twentyApiKey", .string(state.workspaces[index].apiKey))
        return .json(200, answer)
    }

    /// Who a person that the Hub makes belongs to. A caller that is no member becomes one.
    static func ownership(_ body: JSONObject, _ state: inout CRM.State, _ now: String) -> PeerAnswer {
        guard let index = body.text("workspaceId").flatMap({ state.index(id: $0) }) else {
            return .error(404, "Workspace not found")
        }
        let phone = body.text("engagementInitiatorPhone")
        let email = body.text("email") ?? phone.flatMap { state.workspaces[index].memberPhones[$0] }
        guard let email else {
            return phone == nil
                ? .error(400, "email or engagementInitiatorPhone is required") : .error(404, "Member not found")
        }
        let member = CRM.ensureMember(
            email, firstName: "", lastName: "", in: &state.workspaces[index], now: now
        ).member
        let workspace = state.workspaces[index]
        let names = [member.value(at: "name.firstName")?.string, member.value(at: "name.lastName")?.string]
        let shown = names.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        var answer: JSONObject = [
            "workspaceMemberId": member["id"] ?? .null, "displayName": .string(shown.isEmpty ? email : shown),
        ]
        if let field = workspace.scopeField, let value = workspace.scopeValues[email.lowercased()] {
            answer.merge(["personWallScopeFieldName": .string(field), "personWallScopeValue": .count(value)])
        }
        return .json(200, answer)
    }

    static func summary(_ workspace: Workspace) -> JSONObject {
        [
            "workspaceId": .string(workspace.id), "subdomain": .string(workspace.subdomain),
            "displayName": .string(workspace.displayName), "activationStatus": .string(workspace.activationStatus),
            "hubConnected": .bool(workspace.hubConnected), "assignedDomain": .text(workspace.assignedDomain),
            "adminEmail": .string(workspace.adminEmail), "hubSyncMemberEmails": .texts(workspace.hubEmails),
        ]
    }
}
