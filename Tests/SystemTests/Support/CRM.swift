import Basics
import Curl
import Postgres
import TestKit
import Testing

/// Runs `body` with a product whose CRM is played, with calls that have a bootstrap, and with a search for changes that
/// runs only when it is told to.
func withCRM(_ body: (Peers, Product) async throws -> Void) async throws {
    try await Peers.run { peers in
        let secrets = [Peers.Secret.provisioning, Peers.Secret.workspaceKey, Peers.Secret.chatbotKey, "inbound-secret"]
        let environment = [
            "CRM_API_URL": peers.url(.provisioning), "CRM_PROVISIONING_SECRET": secrets[0],
            "CRM_PUBLIC_BASE_URL": peers.url(.twenty), "CRM_WORKSPACE_API_KEY": secrets[1],
            "DOMAIN_CHATBOT_API_URL": peers.url(.chatbot), "DOMAIN_CHATBOT_API_KEY": secrets[2],
            // So that no target is told twice because this machine was busy.
            "CRM_WEBHOOK_TIMEOUT_SECONDS": "10", "TWENTY_INBOUND_SECRETS": secrets[3],
            "TWENTY_WORKSPACE_ID": Peers.workspaceID,
        ]
        try await withProduct(ProductOptions(environment: environment)) { product in
            for secret in secrets { product.addSecret(secret) }
            _ = try await product.ask(.post, "/v1/schedules/twenty.reconcile/pause")
            try await body(peers, product)
        }
    }
}

extension Product {
    /// An account that wants the people of its calls in Twenty.
    func makeCallAccount(_ crm: FakeTarget) async throws -> String {
        let account = Samples.name("account") + ".example"
        try await setAccount(
            account,
            [
                "twenty_webhook_url": crm.url(), "crm_sync_provider": "aventora_crm", "twenty_sync_contacts": "true",
                "crm_workspace_id": Peers.workspaceID,
            ])
        return account
    }

    /// Begins to look for changes now; the job's id.
    func startReconciliation() async throws -> String {
        let run = try await client.send(.post, "/v1/schedules/twenty.reconcile/run")
        return try #require(run.object["id"]?.string)
    }

    /// Looks for changes; what the job says at its end.
    func reconcile() async throws -> String {
        try await client.job(try await startReconciliation(), toBe: "done")["note"]?.string ?? ""
    }

    private static let move = PostgresStatement(
        "test_move", "UPDATE jobs.reconciliations SET baseline = baseline - 600000, since = since - 600000")

    /// Ten minutes pass for the search, in which so many people came of whom no webhook told; their ids.
    func losePeople(_ count: Int, _ peers: Peers) async throws -> [String] {
        _ = try await database.query(Self.move)
        let time = Timestamp(milliseconds: SystemWallClock().nowMilliseconds() - 300_000).iso8601
        let ids = (0..<count).map { "00000000-0000-4000-8000-\(100_000_000_000 + $0)" }
        let people = ids.map {
            #"{"id":"\#($0)","createdAt":"\#(time)","updatedAt":"\#(time)","name":{"firstName":"Lost","lastName":"\#($0)"}}"#
        }
        try await peers.setState(.twenty, #"{"workspaces":[{"people":[\#(people.joined(separator: ","))]}]}"#)
        return ids
    }
}

extension Samples {
    /// A call that begins.
    static func started(_ call: String, of account: String, with contact: String) -> String {
        #"{"type":"call.started","domain_name":"\#(account)","call_sid":"\#(call)","data":{"status":"in_progress","contact_identifier":"\#(contact)","contact_name":"Ann Doe","user_email":"agent@acme.example"}}"#
    }
}

extension FakeTarget {
    /// The bodies of the first so many requests.
    func bodies(_ count: Int) async throws -> [JSONObject] {
        try await requests(count).map { try #require(try JSONParser.parse($0.body).object) }
    }
}
