/// What the peers want to see of their callers.
public struct PeerSecrets: Sendable {
    /// `CRM_PROVISIONING_SECRET`.
    public var provisioning = "peers-provisioning-secret"
    /// `CRM_WORKSPACE_API_KEY`: of the workspace that is there from the start.
    public var workspaceKey = "peers-workspace-key"
    /// `AVENTORA_API_KEY`, which the Hub wants.
    public var hubKey = "peers-hub-key"
    /// `AVENTORA_HUB_PROVISION_CALLBACK_SECRET`.
    public var callback = "peers-callback-secret"
    /// `DOMAIN_CHATBOT_API_KEY`: of every domain.
    public var chatbotKey = "peers-chatbot-key"
    /// `DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN`.
    public var superAdminToken = "peers-super-admin-token"
    /// `SUPER_ADMIN_USERNAME`.
    public var superAdminName = "peers-admin"
    /// `SUPER_ADMIN_PASSWORD`.
    public var superAdminPassword = "peers-admin-password"
    /// `TIPS_CLIENT_ID`.
    public var tipsClientID = "peers-tips"
    /// `TIPS_CLIENT_SECRET`.
    public var tipsClientSecret = "peers-tips-secret"

    /// The variables of the same names, each with a word of its own where it is missing or empty.
    public init(environment: [String: String] = [:]) {
        func take(_ name: String, _ value: inout String) {
            if let given = environment[name], !given.isEmpty { value = given }
        }
        take("CRM_PROVISIONING_SECRET", &provisioning)
        take("CRM_WORKSPACE_API_KEY", &workspaceKey)
        take("AVENTORA_API_KEY", &hubKey)
        take("AVENTORA_HUB_PROVISION_CALLBACK_SECRET", &callback)
        take("DOMAIN_CHATBOT_API_KEY", &chatbotKey)
        take("DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN", &superAdminToken)
        take("SUPER_ADMIN_USERNAME", &superAdminName)
        take("SUPER_ADMIN_PASSWORD", &superAdminPassword)
        take("TIPS_CLIENT_ID", &tipsClientID)
        take("TIPS_CLIENT_SECRET", &tipsClientSecret)
    }
}
