public import Basics
public import Curl
public import Guard

/// Calls domain-chatbot as its super-administrator.
public struct ChatbotClient: Sendable {
    private let access: ChatbotAccess
    private let client: ServiceClient
    private let tokens: ChatbotTokens

    /// Making a domain and an account takes it a while.
    public static let timeoutMilliseconds = 120_000

    private static let listPath = "/regenerate-index/provision-crm-workspaces"
    private static let provisionPath = "/regenerate-index/provision-from-crm-workspace"
    private static let membersPath = "/regenerate-index/sync-crm-workspace-members"
    private static let loginPath = "/auth/login"

    /// - Parameter tokens: shared by the clients of a process, so that not each call is a log-in.
    /// - Throws: when the address cannot be one.
    public init(
        _ access: ChatbotAccess, client: CurlClient, outbound: AddressGuard, clock: any WallClock,
        tokens: ChatbotTokens = ChatbotTokens()
    ) throws(ServiceAddress.Fault) {
        self.access = access
        self.tokens = tokens
        let address = try ServiceAddress(name: "domain-chatbot", url: access.url, token: nil, isNamedByOperator: true)
        self.client = ServiceClient(
            address, client: client, outbound: outbound, clock: clock, timeoutMilliseconds: Self.timeoutMilliseconds)
    }

    /// Every workspace of the CRM.
    public func workspaces() async throws(ServiceError) -> [CRMWorkspace] {
        let reply = try await send(ServiceRequest(.get, Self.listPath))
        guard let items = try reply.json().object?["workspaces"]?.array else {
            throw unreadable(reply, "the answer has no list of workspaces")
        }
        guard items.count <= CRMWorkspace.maximumCount else {
            throw unreadable(reply, "the answer has more than \(CRMWorkspace.maximumCount) workspaces")
        }
        let workspaces = items.compactMap { CRMWorkspace($0) }
        guard workspaces.count == items.count, Set(workspaces.map(\.id)).count == items.count else {
            throw unreadable(reply, "a workspace of the answer has no id, or one that another has")
        }
        return workspaces
    }

    /// Makes domain and Hub account of a workspace and wires them to the CRM. Again for one that has them changes
    /// nothing.
    func provision(
        _ workspace: CRMWorkspace, _ telephony: TelephonyDefaults
    ) async throws(ServiceError) -> BackfillResult {
        var body = Self.identity(workspace)
        if let email = workspace.adminEmail { body.members.append(.init(key: "adminEmail", value: .string(email))) }
        body.members.append(.init(key: "inboundPhone", value: .string(telephony.inboundPhone)))
        body.members.append(.init(key: "hubSettings", value: .object(telephony.settings)))
        let request = ServiceRequest(
            .post, Self.provisionPath, body: JSONValue.object(body).encoded(), secrets: [telephony.secret])
        return try result(of: await send(request)) { answer in
            let domain = answer["domainName"]?.string ?? workspace.domainName ?? ""
            return answer["created"] == .bool(false) ? "\(domain) was there already" : "\(domain) created"
        }
    }

    /// Brings a workspace's members to domain-chatbot and the Hub.
    func syncMembers(_ workspace: CRMWorkspace) async throws(ServiceError) -> BackfillResult {
        var body = Self.identity(workspace)
        body.members.append(
            .init(key: "hubSyncMemberEmails", value: .array(workspace.memberEmails.map { .string($0) })))
        let request = ServiceRequest(.post, Self.membersPath, body: JSONValue.object(body).encoded())
        return try result(of: await send(request)) { answer in
            let (added, existing) = (answer["added"]?.array?.count, answer["existing"]?.array?.count)
            return "\(added ?? 0) added, \(existing ?? 0) there already"
        }
    }

    private static func identity(_ workspace: CRMWorkspace) -> JSONObject {
        let members: [(String, String?)] = [
            ("workspaceId", workspace.id), ("subdomain", workspace.subdomain), ("displayName", workspace.displayName),
            ("domainName", workspace.domainName),
        ]
        return JSONObject(
            members: members.compactMap { key, text in text.map { JSONObject.Member(key: key, value: .string($0)) } })
    }

    private func result(
        of reply: ServiceReply, _ detail: (JSONObject) -> String
    ) throws(ServiceError) -> BackfillResult {
        guard let answer = try reply.json().object else { throw unreadable(reply, "the answer is no object") }
        let status = answer["status"]?.string ?? "ok"
        let reason = ["reason", "message", "error"].lazy.compactMap { answer[$0]?.string }.first ?? status
        switch status {
        case "skipped": return .skipped(reply.shown(reason))
        case "error", "failed":
            throw ServiceError(
                .failed, service: reply.service, reply.shown("\(status): \(reason)"), status: reply.status)
        default: return .done(reply.shown(detail(answer)))
        }
    }

    private func unreadable(_ reply: ServiceReply, _ message: String) -> ServiceError {
        ServiceError(.unreadable, service: reply.service, message, status: reply.status)
    }

    /// Sends a call with a token, and once more with a new one where that was too old.
    private func send(_ request: ServiceRequest) async throws(ServiceError) -> ServiceReply {
        if case .token(let token) = access.login {
            return try await client.send(Self.authorized(request, token.revealed)).success()
        }
        if let token = await tokens[access] {
            let reply = try await client.send(Self.authorized(request, token))
            guard reply.status == 401 else { return try reply.success() }
        }
        let token = try await logIn()
        await tokens.set(token, of: access)
        return try await client.send(Self.authorized(request, token)).success()
    }

    private func logIn() async throws(ServiceError) -> String {
        guard case .password(let username, let password) = access.login else { return access.secret }
        let body: JSONObject = ["username": .string(username), "password": .string(password.revealed)]
        let request = ServiceRequest(
            .post, Self.loginPath, body: JSONValue.object(body).encoded(), secrets: [password.revealed])
        let reply = try await client.send(request).success()
        let text = try reply.json().object?["access_token"]?.string
        guard let token = text.flatMap({ WebhookSecret($0) }) else {
            throw unreadable(reply, "the answer to the log-in has no usable token")
        }
        return token.revealed
    }

    private static func authorized(_ request: ServiceRequest, _ token: String) -> ServiceRequest {
        var request = request
        request.headers.append(("Authorization", "Bearer \(token)"))
        request.secrets.append(token)
        return request
    }
}

/// What domain-chatbot did with one workspace.
enum BackfillResult: Sendable, Hashable {
    /// This.
    case done(String)
    /// Nothing, and why.
    case skipped(String)
}

/// The tokens that log-ins gave, until one is refused.
public actor ChatbotTokens {
    private var tokens: [ChatbotAccess: String] = [:]

    /// None yet.
    public init() {}

    subscript(access: ChatbotAccess) -> String? { tokens[access] }

    func set(_ token: String, of access: ChatbotAccess) {
        // A process sees few; one that saw many would keep them for nothing.
        if tokens.count >= Self.maximumCount { tokens.removeAll() }
        tokens[access] = token
    }

    private static let maximumCount = 16
}
