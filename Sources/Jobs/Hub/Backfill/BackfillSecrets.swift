import Basics

/// What a backfill's jobs need and nobody may see. It is kept sealed, in the backfill's row, until the backfill has
/// ended.
public struct BackfillSecrets: Sendable, Hashable {
    /// To domain-chatbot. That it was sealed with our key is as good a permission for its address as a variable.
    public let access: ChatbotAccess
    /// For new accounts; nil where none are made.
    public let telephony: TelephonyDefaults?

    /// Both.
    public init(access: ChatbotAccess, telephony: TelephonyDefaults?) {
        (self.access, self.telephony) = (access, telephony)
    }

    /// Seals it for one backfill.
    public func sealed(for id: String, _ keyring: SecretsKeyring) throws(SecretsError) -> SealedSecret {
        var object: JSONObject = ["url": .string(access.url)]
        switch access.login {
        case .token(let token): object.members.append(.init(key: "token", value: .string(token.revealed)))
        case .password(let username, let password):
            object.members.append(.init(key: "username", value: .string(username)))
            object.members.append(.init(key: "password", value: .string(password.revealed)))
        }
        if let telephony {
            object.members.append(.init(key: "inbound_phone", value: .string(telephony.inboundPhone)))
            object.members.append(.init(key: "settings", value: .object(telephony.settings)))
        }
        return try keyring.seal(String(decoding: JSONValue.object(object).encoded(), as: UTF8.self), of: Self.owner(id))
    }

    /// Opens what ``sealed(for:_:)`` made.
    init(_ sealed: SealedSecret, of id: String, _ keyring: SecretsKeyring) throws(SecretsError) {
        let text = try keyring.open(sealed, of: Self.owner(id))
        let object: JSONObject?
        do throws(JSONError) { object = try JSONParser.parse(Array(text.utf8)).object } catch { object = nil }
        guard let object, let url = object["url"]?.string, let login = Self.login(object) else {
            throw SecretsError(.damaged, "a backfill's secrets have an unknown form")
        }
        access = ChatbotAccess(url: url, login: login)
        telephony = object["inbound_phone"]?.string.flatMap { phone in
            object["settings"]?.object.flatMap { TelephonyDefaults(inboundPhone: phone, settings: $0) }
        }
    }

    private static func login(_ object: JSONObject) -> ChatbotAccess.Login? {
        if let token = object["token"]?.string.flatMap({ WebhookSecret($0) }) { return .token(token) }
        guard let username = object["username"]?.string,
            let password = object["password"]?.string.flatMap({ WebhookSecret($0) })
        else { return nil }
        return .password(username: username, password)
    }

    /// Whom they are sealed for.
    static func owner(_ id: String) -> String { "hub.backfill:\(id)" }
}
