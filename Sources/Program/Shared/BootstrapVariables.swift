public import Jobs

/// The variables of a call's bootstrap.
public enum BootstrapVariables {
    /// `CRM_PUBLIC_BASE_URL` (else `CRM_API_URL`) with `CRM_WORKSPACE_API_KEY`, `CRM_API_URL` with `CRM_PROVISIONING_SECRET`,
    /// `DOMAIN_CHATBOT_API_URL` with `DOMAIN_CHATBOT_API_KEY`; each only where both are set.
    ///
    /// - Throws: exit 78 with the variable that cannot be used.
    public static func settings(_ settings: Settings) throws(ProgramError) -> BootstrapSettings {
        let place = settings.optionalString("CRM_PUBLIC_BASE_URL") == nil ? "CRM_API_URL" : "CRM_PUBLIC_BASE_URL"
        return BootstrapSettings(
            workspace: try address(settings, name: "twenty", url: place, token: "CRM_WORKSPACE_API_KEY"),
            provisioning: try address(settings, name: "crm", url: "CRM_API_URL", token: "CRM_PROVISIONING_SECRET"),
            chatbot: try address(
                settings, name: "chatbot", url: "DOMAIN_CHATBOT_API_URL", token: "DOMAIN_CHATBOT_API_KEY"))
    }

    private static func address(
        _ settings: Settings, name: String, url: String, token: String
    ) throws(ProgramError) -> ServiceAddress? {
        let address = try ServiceSettings.address(settings, name: name, url: url, token: token)
        return address?.token == nil ? nil : address
    }
}
