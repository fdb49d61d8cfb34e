import Basics
import Command
import TestKit
import Testing

/// A day in the life of the whole system, as `aventora-peers day` plays it; what it leaves behind is compared with
/// what was sent. On the second day every system that jobs call fails for a while, and it ends in the same state. Longer
/// than other tests, since what Twenty did not tell is looked for after a minute.
@Suite(.sharedPostgres, .timeLimit(.minutes(8))) struct DayTests {
    @Test(arguments: [false, true])
    func aDayEndsAsItWasMeant(isFailing: Bool) async throws {
        try await Peers.run { peers in
            let options = ProductOptions(workers: 2, environment: Self.environment(peers))
            try await withProduct(options) { product in
                try await peers.setWebhook("\(product.client.url)/webhooks/twenty", secret: Self.inboundSecret)
                let environment = product.variables.merging([
                    "API_URL": product.client.url, "PEERS_SUBSCRIBER_URL": peers.url(.subscriber),
                ]) { $1 }
                let day = try await ProgramRun.run(
                    "aventora-peers", ["day", "--json", "--call-seconds", "4"] + (isFailing ? ["--failing"] : []),
                    environment: environment, within: .seconds(400))
                #expect(day.exit == .exited(0), "\(day.output.suffix(6_000))")
                let report = try #require(Self.report(day.output))
                #expect(report["ok"] == .bool(true))
                #expect(report["changes"]?.integer == 5_000)
                let pushes = try #require(report["pushes"]?.integer)
                #expect(pushes >= 400 && pushes < 2_000)
            }
        }
    }

    private static let inboundSecret = "inbound-secret"

    private static func report(_ output: String) -> JSONObject? {
        guard let line = output.split(separator: "\n").last(where: { $0.contains("\"ok\"") }) else { return nil }
        do { return try JSONParser.parse(Array(line.utf8)).object } catch { return nil }
    }

    private static func environment(_ peers: Peers) -> [String: String] {
        [
            "CRM_API_URL": peers.url(.provisioning), "CRM_PROVISIONING_SECRET": Peers.Secret.provisioning,
            "CRM_PUBLIC_BASE_URL": peers.url(.twenty), "CRM_WORKSPACE_API_KEY": Peers.Secret.workspaceKey,
            "DOMAIN_CHATBOT_API_URL": peers.url(.chatbot), "DOMAIN_CHATBOT_API_KEY": Peers.Secret.chatbotKey,
            "TWENTY_CRM_BASE_URL": peers.url(.twenty), "TWENTY_CRM_API_KEY": Peers.Secret.workspaceKey,
            "TWENTY_CRM_ENABLED": "true", "TWENTY_CRM_SYNC_MODE": "direct_crm",
            "TWENTY_CALLS_PER_MINUTE": "60000", "TWENTY_WORKSPACE_ID": Peers.workspaceID,
            "TWENTY_INBOUND_SECRETS": inboundSecret,
            "AVENTORA_BASE_URL": peers.url(.hub), "AVENTORA_API_KEY": Peers.Secret.hubKey,
            "AVENTORA_ASSIGNED_DOMAIN": "acme", "AVENTORA_HUB_AUTO_PROVISION_ENABLED": "true",
            "AVENTORA_HUB_PROVISION_CALLBACK_URL": peers.url(.assistant),
            "AVENTORA_HUB_PROVISION_CALLBACK_SECRET": Peers.Secret.callback,
            "HUB_PROVISION_FULL_DELAY_SECONDS": "2", "HUB_PROVISION_MEMBERS_DELAY_SECONDS": "1",
            "TIPS_API_BASE_URL": peers.url(.tips, "/api"), "TIPS_CLIENT_ID": Peers.Secret.tipsClientID,
            "TIPS_CLIENT_SECRET": Peers.Secret.tipsClientSecret, "TIPS_SYNC_WORKSPACE_ID": Peers.workspaceID,
            "CALL_LOG_DEBOUNCE_SECONDS": "1", "CALL_LOG_DEBOUNCE_MAX_SECONDS": "2",
            "CRM_WEBHOOK_TIMEOUT_SECONDS": "10", "LOG_LEVEL": "info",
        ]
    }
}
