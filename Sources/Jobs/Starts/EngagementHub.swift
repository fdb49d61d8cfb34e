import Basics
import Curl

/// The Hub as starts, cancels and polls call it.
public struct EngagementHub: Sendable {
    private let client: ServiceClient?
    private let workspaces: EngagementWorkspaceStore
    private let keyring: SecretsKeyring

    /// - Parameters:
    ///   - client: calls the Hub with the key of accounts that have none of their own; nil: there is no Hub.
    ///   - keyring: opens the keys of workspaces.
    public init(client: ServiceClient?, workspaces: EngagementWorkspaceStore, keyring: SecretsKeyring) {
        (self.client, self.workspaces, self.keyring) = (client, workspaces, keyring)
    }

    /// What the Hub answered to a start.
    struct Started: Sendable, Hashable {
        let engagementID: String
        let status: String
        let createdAtMilliseconds: Int64?
    }

    /// Whether there is one.
    var isThere: Bool { client != nil }

    /// Starts an engagement; the same start again, however often, is the same engagement.
    ///
    /// - Throws: ``ServiceError``; ``JobsError`` or ``SecretsError`` when the key cannot be read.
    func start(_ start: EngagementStart) async throws -> Started {
        let plan = start.plan
        var writer = JSONWriter(capacity: 512)
        func text(_ key: String, _ value: String?) {
            guard let value else { return }
            writer.key(key)
            writer.string(value)
        }
        writer.beginObject()
        text(plan.channel.takesNumber ? "phone_number" : "email", plan.contactIdentifier)
        text("domain_name", plan.scope.domainName)
        text("source_record_id", plan.personID)
        text("source_org_id", plan.scope.workspaceID)
        text("source_system", "twenty")
        text("source_object", "person")
        text("channel", plan.channel.rawValue)
        text("type", plan.type.rawValue)
        text("instruction", plan.instruction)
        writer.endObject()
        var request = ServiceRequest(.post, "/integration/start", body: writer.bytes)
        request.headers.append(("Idempotency-Key", start.id))
        let answer = try await call(request, plan.scope)
        guard let id = Self.identifier(answer["engagement_id"]) else {
            throw ServiceError(.unreadable, service: Self.name, "the answer to a start has no engagement_id")
        }
        return Started(
            engagementID: id, status: answer["status"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "accepted",
            createdAtMilliseconds: answer["created_at"]?.string.flatMap(Timestamp.init(iso8601:))?.milliseconds)
    }

    /// What the Hub knows of an engagement. Throws as ``start(_:)``; `notFound` when it knows nothing.
    func find(_ engagementID: String, of scope: EngagementStart.Scope) async throws -> JSONObject {
        try await call(ServiceRequest(.get, Self.path(engagementID)), scope)
    }

    /// Ends an engagement; its status then. Throws as ``start(_:)``.
    func cancel(_ engagementID: String, of scope: EngagementStart.Scope) async throws -> String {
        var request = ServiceRequest(.post, Self.path(engagementID) + "/cancel", body: Array("{}".utf8))
        request.headers.append(("Idempotency-Key", "cancel-" + PushLane.token(engagementID, maximumBytes: 120)))
        return try await call(request, scope)["status"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "cancelled"
    }

    private static let name = "hub"

    private static func path(_ engagementID: String) -> String {
        "/integration/engagement/" + PercentEncoding.encode(engagementID)
    }

    private static func identifier(_ value: JSONValue?) -> String? {
        value?.string.flatMap { (1...255).contains($0.unicodeScalars.count) ? $0 : nil }
    }

    private func call(_ request: ServiceRequest, _ scope: EngagementStart.Scope) async throws -> JSONObject {
        guard let client else {
            throw ServiceError(.refused, service: Self.name, "AVENTORA_BASE_URL is not set for this worker")
        }
        var request = request
        if let key = try await key(of: scope) {
            request.headers.append(("Authorization", "Bearer \(key.revealed)"))
            request.secrets.append(key.revealed)
        }
        let reply = try await client.send(request).success()
        guard let object = try reply.json().object else {
            throw ServiceError(.unreadable, service: Self.name, "the answer is no object", status: reply.status)
        }
        return object
    }

    /// The account's own; nil: the one of all.
    private func key(of scope: EngagementStart.Scope) async throws -> WebhookSecret? {
        let workspace =
            if let id = scope.workspaceID { try await workspaces.find(id) } else {
                try await workspaces.find(domainName: scope.domainName)
            }
        guard let workspace, let sealed = workspace.sealedKey else { return nil }
        guard let key = WebhookSecret(try keyring.open(sealed, of: EngagementWorkspace.owner(workspace.id))) else {
            throw SecretsError(.damaged, "a workspace's key cannot stand in a header")
        }
        return key
    }
}
