public import Basics

/// Where an account's engagements go, from the process's environment and the account's own settings.
///
/// Rules, for each target apart:
/// - The account's address wins over the environment's. It brings its own secret or none: the environment's secret is
///   never sent to an address that an account chose.
/// - An account's address of `""` switches the target off for this account; absent or null leaves it to the
///   environment.
/// - An account's secret without an address of its own is used with the environment's address.
/// - An account's bad address or secret makes the target `invalid` for it: a push is refused with the reason and
///   stays visible, and never falls back to somebody else's CRM.
public struct TargetSettings: Sendable, Hashable {
    /// One address and the secret that goes with it.
    public struct Endpoint: Sendable, Hashable {
        /// Where to post.
        public let url: WebhookURL
        /// What to send in `X-Aventora-Webhook-Secret`, if anything.
        public let secret: WebhookSecret?

        /// What must not be kept of an exchange with it, beside the address's own tokens.
        var secrets: [String] { [secret?.revealed].compactMap { $0 } }

        /// An address with its secret.
        public init(url: WebhookURL, secret: WebhookSecret?) {
            self.url = url
            self.secret = secret
        }
    }

    /// What holds for one target of one account.
    public enum Route: Sendable, Hashable {
        /// Post there.
        case endpoint(Endpoint)
        /// The account's setting cannot be used; the reason names the setting, never its value.
        case invalid(String)
    }

    /// A variable that cannot be used.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// The variable.
        public let variable: String
        /// One line: the variable, what is wrong and what is allowed. Never the value.
        public let description: String
    }

    /// The addresses for every account.
    public let defaults: [CRMTarget: Endpoint]

    /// Settings from endpoints.
    public init(defaults: [CRMTarget: Endpoint] = [:]) { self.defaults = defaults }

    /// Reads the ten variables. `value`: a variable's value, nil when it is not set; an empty one counts as not set.
    public init(environment value: (String) -> String?) throws(Fault) {
        var defaults: [CRMTarget: Endpoint] = [:]
        for target in CRMTarget.allCases {
            let secretText = value(target.secretVariable) ?? ""
            let secret = WebhookSecret(secretText)
            if secret == nil, !secretText.isEmpty {
                let allowed = "allowed are 1 to \(WebhookSecret.maximumBytes) printable ASCII characters"
                let text = "\(target.secretVariable) cannot stand in a header; \(allowed)"
                throw Fault(variable: target.secretVariable, description: text)
            }
            guard let text = value(target.urlVariable), !text.isEmpty else { continue }
            do {
                defaults[target] = Endpoint(url: try WebhookURL(text), secret: secret)
            } catch {
                let allowed = "allowed is an http or https address of at most \(WebhookURL.maximumBytes) bytes"
                let text = "\(target.urlVariable) is not usable: \(error.description); \(allowed)"
                throw Fault(variable: target.urlVariable, description: text)
            }
        }
        self.defaults = defaults
    }

    /// The routes of one account. `account`: its `settings` in `hub.account_settings`, nil when it has no row.
    /// A target that is not in the result gets nothing.
    public func routes(account: JSONObject?) -> [CRMTarget: Route] {
        var routes: [CRMTarget: Route] = [:]
        for target in CRMTarget.allCases { routes[target] = route(target, account) }
        return routes
    }

    /// The targets an event of this account is pushed to, in a fixed order; invalid ones too, so that they show.
    public func targets(account: JSONObject?) -> [CRMTarget] {
        let routes = routes(account: account)
        return CRMTarget.allCases.filter { routes[$0] != nil }
    }

    private func route(_ target: CRMTarget, _ account: JSONObject?) -> Route? {
        let url: WebhookURL?
        switch Self.setting(target.urlSetting, account) {
        case .absent: url = nil
        case .wrong: return .invalid("the account's \(target.urlSetting) is not a string")
        case .text(""): return nil
        case .text(let text):
            do {
                url = try WebhookURL(text)
            } catch {
                return .invalid("the account's \(target.urlSetting) is not usable: \(error.description)")
            }
        }
        let secret: WebhookSecret?
        switch Self.setting(target.secretSetting, account) {
        case .absent, .text(""): secret = nil
        case .wrong: return .invalid("the account's \(target.secretSetting) is not a string")
        case .text(let text):
            guard let usable = WebhookSecret(text) else {
                return .invalid("the account's \(target.secretSetting) cannot stand in a header")
            }
            secret = usable
        }
        if let url { return .endpoint(Endpoint(url: url, secret: secret)) }
        guard let shared = defaults[target] else { return nil }
        return .endpoint(Endpoint(url: shared.url, secret: secret ?? shared.secret))
    }

    private enum Setting {
        case absent
        case wrong
        case text(String)
    }

    private static func setting(_ key: String, _ account: JSONObject?) -> Setting {
        switch account?[key] {
        case nil, .null: .absent
        case .string(let text): .text(String(text.drop { $0 == " " }))
        default: .wrong
        }
    }
}
