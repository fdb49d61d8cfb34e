public import Jobs

/// The variables of the jobs that set Hubs up, and that take demos down.
public enum HubSettings {
    private static let enabled = "AVENTORA_HUB_AUTO_PROVISION_ENABLED"
    private static let url = "AVENTORA_HUB_PROVISION_CALLBACK_URL"
    private static let secret = "AVENTORA_HUB_PROVISION_CALLBACK_SECRET"

    /// Whether, where and when Hubs are set up. An address without a path is given the assistant's usual one.
    ///
    /// - Throws: exit 78 with the variable that cannot be used, or is missing while the first one is true.
    public static func provisioning(_ settings: Settings) throws(ProgramError) -> HubProvisioning {
        let isEnabled = try settings.boolean(enabled, default: false)
        let full = try seconds(settings, "HUB_PROVISION_FULL_DELAY_SECONDS", default: 60)
        let members = try seconds(settings, "HUB_PROVISION_MEMBERS_DELAY_SECONDS", default: 30)
        var callback = try ServiceSettings.address(settings, name: "assistant", url: url, token: secret)
        if let bare = callback, !bare.base.text.dropFirst(bare.base.isSecure ? 8 : 7).contains("/") {
            do throws(ServiceAddress.Fault) {
                callback = try ServiceAddress(
                    name: bare.name, url: bare.base.text + HubProvisioning.path, token: bare.token,
                    isNamedByOperator: true)
            } catch {
                throw Settings.invalid(url, value: nil, "expected an http or https address: \(error)")
            }
        }
        if isEnabled {
            guard let callback else { throw missing(url) }
            guard callback.token != nil else { throw missing(secret) }
        }
        return HubProvisioning(
            isEnabled: isEnabled, callback: callback?.token == nil ? nil : callback, fullDelayMilliseconds: full,
            membersDelayMilliseconds: members)
    }

    /// The CRM's provisioning API; nil unless both address and secret are set.
    ///
    /// - Throws: exit 78 with the variable that cannot be used.
    public static func crm(_ settings: Settings) throws(ProgramError) -> ServiceAddress? {
        let address = try ServiceSettings.address(
            settings, name: "crm", url: "CRM_API_URL", token: "CRM_PROVISIONING_SECRET")
        return address?.token == nil ? nil : address
    }

    /// How the super-administrator reaches domain-chatbot.
    ///
    /// - Throws: exit 78 with the variable that is missing or cannot be used.
    public static func chatbot(_ settings: Settings) throws(ProgramError) -> ChatbotAccess {
        let names = ["DOMAIN_CHATBOT_API_URL", "DOMAIN_CHATBOT_URL"]
        guard let name = names.first(where: { settings.optionalString($0) != nil }),
            let address = try ServiceSettings.address(settings, name: "domain-chatbot", url: name)
        else {
            throw Settings.invalid(names[0], value: nil, "it is needed: where domain-chatbot is")
        }
        let url = address.base.text
        if let token = try ServiceSettings.token(settings, "DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN") {
            return ChatbotAccess(url: url, login: .token(token))
        }
        guard let username = settings.optionalString("SUPER_ADMIN_USERNAME") else {
            throw Settings.invalid(
                "DOMAIN_CHATBOT_SUPER_ADMIN_TOKEN", value: nil,
                "it is needed, or SUPER_ADMIN_USERNAME and SUPER_ADMIN_PASSWORD")
        }
        guard let password = try ServiceSettings.token(settings, "SUPER_ADMIN_PASSWORD") else {
            throw Settings.invalid("SUPER_ADMIN_PASSWORD", value: nil, "it is needed beside SUPER_ADMIN_USERNAME")
        }
        return ChatbotAccess(url: url, login: .password(username: username, password))
    }

    private static func missing(_ variable: String) -> ProgramError {
        Settings.invalid(variable, value: nil, "it is needed while \(enabled) is true")
    }

    private static func seconds(
        _ settings: Settings, _ variable: String, default standard: Int
    ) throws(ProgramError) -> Int64 {
        Int64(try settings.integer(variable, default: standard, in: HubProvisioning.delaySeconds)) * 1_000
    }
}
