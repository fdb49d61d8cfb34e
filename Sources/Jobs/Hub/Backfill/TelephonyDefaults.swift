import Basics

/// The telephony that every new Hub account begins with.
public struct TelephonyDefaults: Sendable, Hashable, CustomStringConvertible {
    /// How Twilio knows us. Both ways are in use; one account has one of them.
    public enum TwilioAccess: Sendable, Hashable {
        /// The account's own token.
        case authToken(accountSID: String, token: WebhookSecret)
        /// A key of the account.
        case apiKey(accountSID: String, keySID: String, secret: WebhookSecret)
    }

    /// Where calls come in.
    public let inboundPhone: String
    /// What calls and messages go out from.
    public let outboundPhone: String
    /// Of the account.
    public let twilio: TwilioAccess

    /// - Parameter outboundPhone: nil for the inbound one.
    public init(inboundPhone: String, outboundPhone: String? = nil, twilio: TwilioAccess) {
        self.inboundPhone = inboundPhone
        self.outboundPhone = outboundPhone ?? inboundPhone
        self.twilio = twilio
    }

    /// Without secrets.
    public var description: String {
        let way =
            switch twilio {
            case .authToken: "an auth token"
            case .apiKey: "an API key"
            }
        return "inbound \(inboundPhone), outbound \(outboundPhone), Twilio by \(way)"
    }

    /// The part that is a secret.
    var secret: String {
        switch twilio {
        case .authToken(_, let token): token.revealed
        case .apiKey(_, _, let secret): secret.revealed
        }
    }

    /// The Hub's names for all of it: a key's secret stands where a token would.
    var settings: JSONObject {
        var members: [(String, String)] = []
        switch twilio {
        case .authToken(let account, let token):
            members += [("twilio_account_sid", account), ("twilio_auth_token", token.revealed)]
        case .apiKey(let account, let key, let secret):
            members += [
                ("twilio_account_sid", account), ("twilio_api_key_sid", key), ("twilio_auth_token", secret.revealed),
            ]
        }
        for name in ["twilio_phone_number", "twilio_sms_number", "twilio_whatsapp_number", "display_number"] {
            members.append((name, outboundPhone))
        }
        return JSONObject(members: members.map { .init(key: $0.0, value: .string($0.1)) })
    }

    /// Reads what ``settings`` and the inbound phone say; nil for anything else.
    init?(inboundPhone: String, settings: JSONObject) {
        guard let account = settings["twilio_account_sid"]?.string,
            let secret = settings["twilio_auth_token"]?.string.flatMap({ WebhookSecret($0) }),
            let outbound = settings["twilio_phone_number"]?.string
        else { return nil }
        let twilio: TwilioAccess =
            settings["twilio_api_key_sid"]?.string.map {
                .apiKey(accountSID: account, keySID: $0, secret: secret)
            } ?? .authToken(accountSID: account, token: secret)
        self.init(inboundPhone: inboundPhone, outboundPhone: outbound, twilio: twilio)
    }
}
