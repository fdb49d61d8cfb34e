/// The systems that jobs call, played by a process of dev's own, and the variables that lead there.
package struct DevPeers: Sendable {
    /// Port by peer, as `aventora-peers --port` names them.
    let ports: [(name: String, port: UInt16)]
    private static let names = ["twenty", "provisioning", "hub", "assistant", "chatbot", "tips", "subscriber"]

    /// Of the workspace that the played CRM has from the start: see `docs/peers.md`.
    private static let workspaceID = "20202020-1c25-4d02-bf25-6aeccf7ea419"

    /// Peers on ports that are free now.
    static func make() throws(CommandError) -> DevPeers {
        var ports: [(name: String, port: UInt16)] = []
        for name in names { ports.append((name, try LoopbackPort.free())) }
        return DevPeers(ports: ports)
    }

    package init(ports: [(name: String, port: UInt16)]) { self.ports = ports }

    /// The arguments of the process.
    ///
    /// - Parameter receiverPort: where the API takes what Twenty sends.
    func arguments(receiverPort: UInt16) -> [String] {
        ports.flatMap { ["--port", "\($0.name)=\($0.port)"] }
            + ["--tips-agents", "4", "--tips-clients", "25"]
            + ["--twenty-webhook", "http://127.0.0.1:\(receiverPort)/webhooks/twenty"]
    }

    /// Where deliveries may go: to the subscriber.
    var outbound: String { "127.0.0.1:\(ports.first { $0.name == "subscriber" }?.port ?? 0)" }

    /// Where the process tells that it serves.
    var healthPort: UInt16 { ports.first?.port ?? 0 }

    /// The variables that are missing from `given`. A system whose address is given is left alone with all its
    /// variables.
    package func variables(_ given: [String: String], secret: String) -> [String: String] {
        func url(_ name: String) -> String {
            "http://127.0.0.1:\(ports.first { $0.name == name }?.port ?? 0)"
        }
        let key = given["CRM_WORKSPACE_API_KEY"].flatMap { $0.isEmpty ? nil : $0 } ?? "peers-workspace-key"
        let groups: [[(String, String)]] = [
            [
                ("TWENTY_CRM_BASE_URL", url("twenty")), ("TWENTY_CRM_API_KEY", key), ("TWENTY_CRM_ENABLED", "true"),
                ("TWENTY_CRM_SYNC_MODE", "direct_crm"),
            ],
            [("CRM_PUBLIC_BASE_URL", url("twenty")), ("CRM_WORKSPACE_API_KEY", key)],
            [("CRM_API_URL", url("provisioning")), ("CRM_PROVISIONING_SECRET", "peers-provisioning-secret")],
            [
                ("AVENTORA_BASE_URL", url("hub")), ("AVENTORA_API_KEY", "peers-hub-key"),
                ("AVENTORA_ASSIGNED_DOMAIN", "acme"),
            ],
            [
                ("AVENTORA_HUB_PROVISION_CALLBACK_URL", url("assistant") + "/internal/crm-hub-provision"),
                ("AVENTORA_HUB_PROVISION_CALLBACK_SECRET", "peers-callback-secret"),
                ("AVENTORA_HUB_AUTO_PROVISION_ENABLED", "true"),
            ],
            [
                ("DOMAIN_CHATBOT_API_URL", url("chatbot")), ("DOMAIN_CHATBOT_API_KEY", "peers-chatbot-key"),
                ("DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN", "peers-super-admin-token"),
            ],
            [
                ("TIPS_API_BASE_URL", url("tips") + "/api"), ("TIPS_CLIENT_ID", "peers-tips"),
                ("TIPS_CLIENT_SECRET", "peers-tips-secret"), ("TIPS_SYNC_ENABLED", "true"),
                ("TIPS_SYNC_WORKSPACE_ID", Self.workspaceID),
            ],
            [
                ("TWENTY_INBOUND_SECRETS", secret),
                ("TWENTY_WORKSPACE_ID", Self.workspaceID),
            ],
            [("PEERS_SUBSCRIBER_URL", url("subscriber"))],
            // A played Twenty takes any number, and nobody waits a minute for a played Hub.
            [("TWENTY_CALLS_PER_MINUTE", "60000")],
            [("HUB_PROVISION_FULL_DELAY_SECONDS", "5"), ("HUB_PROVISION_MEMBERS_DELAY_SECONDS", "3")],
        ]
        var values: [String: String] = [:]
        for group in groups where given[group[0].0, default: ""].isEmpty {
            for (name, value) in group where given[name, default: ""].isEmpty { values[name] = value }
        }
        return values
    }
}
