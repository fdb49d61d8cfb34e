internal import Basics
internal import Jobs
internal import Peers
internal import Postgres
public import Program

/// Where the day happens: read from the variables that the programs have too, such as those of `dev.env`.
public struct DaySettings: Sendable {
    let apiURL: String
    let token: String
    let postgres: PostgresConfiguration
    let receiverSecret: String?
    let provisioningSecret: String
    /// `http://host:port` of each.
    let peers: [PeerName: String]
    let fullDelayMilliseconds: Int64
    let membersDelayMilliseconds: Int64
    let longestWaitMilliseconds: Int64

    /// - Throws: exit 78 with the variable that is missing or wrong.
    public init(_ settings: Settings) throws(ProgramError) {
        apiURL = try Self.needed(settings, "API_URL")
        token = try Self.token(try Self.needed(settings, "API_TOKENS"))
        postgres = try ServerSettings.postgres(settings, applicationName: "aventora-day")
        receiverSecret = settings.optionalString("AVENTORA_WEBHOOK_SECRET")
        provisioningSecret = try Self.needed(settings, "CRM_PROVISIONING_SECRET")
        var peers: [PeerName: String] = [:]
        for peer in PeerName.allCases { peers[peer] = Self.origin(try Self.needed(settings, peer.variable)) }
        self.peers = peers
        let calls = try WebhookSettings.calls(settings)
        longestWaitMilliseconds = max(calls.quietMilliseconds, calls.longestMilliseconds)
        let hub = try HubSettings.provisioning(settings)
        (fullDelayMilliseconds, membersDelayMilliseconds) = (hub.fullDelayMilliseconds, hub.membersDelayMilliseconds)
    }

    private static func needed(_ settings: Settings, _ name: String) throws(ProgramError) -> String {
        guard let text = settings.optionalString(name) else {
            throw ProgramError(
                .configuration, "\(name): it is not set; aventora dev --with-peers writes it into dev.env")
        }
        return text
    }

    /// The first token that may do everything.
    private static func token(_ items: String) throws(ProgramError) -> String {
        for item in Settings.parts(items) {
            let parts = item.split(separator: ":", maxSplits: 2)
            guard parts.count == 3 else { continue }
            let scopes = Set(parts[1].split(separator: "+"))
            if scopes.isSuperset(of: ["events", "jobs", "read", "admin"]) { return String(parts[2]) }
        }
        throw ProgramError(.configuration, "API_TOKENS: expected a token with the scopes events, jobs, read and admin")
    }

    private static func origin(_ url: String) -> String {
        url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }
}

extension PeerName {
    /// The variable by which jobs find the system.
    fileprivate var variable: String {
        switch self {
        case .twenty: "TWENTY_CRM_BASE_URL"
        case .provisioning: "CRM_API_URL"
        case .hub: "AVENTORA_BASE_URL"
        case .assistant: "AVENTORA_HUB_PROVISION_CALLBACK_URL"
        case .chatbot: "DOMAIN_CHATBOT_API_URL"
        case .tips: "TIPS_API_BASE_URL"
        case .subscriber: "PEERS_SUBSCRIBER_URL"
        }
    }
}
