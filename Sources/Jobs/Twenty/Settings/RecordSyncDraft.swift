public import Basics

/// What `PUT /v1/crm/config` is told: `{"base_url", "api_key"?, "enabled", "mode"}`, or what `POST /v1/crm/test` is:
/// `{"base_url"?, "api_key"?}`.
public struct RecordSyncDraft: Sendable, Hashable {
    /// nil: not given.
    public let baseURL: WebhookURL?
    /// nil: not given.
    public let key: WebhookSecret?
    public let isEnabled: Bool?
    public let mode: RecordSyncMode?

    /// Reads a whole set of settings.
    ///
    /// - Throws: malformed or invalid, with every problem.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> RecordSyncDraft {
        try RecordSyncDraft(
            bytes, known: ["base_url", "api_key", "enabled", "mode"], required: ["base_url", "enabled", "mode"])
    }

    /// Reads what is to be tested; no bytes ask for what is in force.
    public static func decodeTest(_ bytes: [UInt8]) throws(InputError) -> RecordSyncDraft {
        try RecordSyncDraft(bytes.isEmpty ? Array("{}".utf8) : bytes, known: ["base_url", "api_key"], required: [])
    }

    private init(_ bytes: [UInt8], known: [String], required: [String]) throws(InputError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: 16_384)) } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            throw InputError(kind: .invalid, message: "The settings are a JSON object.")
        }
        var fields = FieldReader(object)
        fields.refuseOthers(than: known)
        for key in required where fields.member(key) == nil { fields.report(key, "This field is required.") }
        baseURL = Self.url(&fields)
        key = Self.key(&fields)
        isEnabled = Self.flag(&fields)
        mode = Self.mode(&fields)
        guard fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
    }

    private static func url(_ fields: inout FieldReader) -> WebhookURL? {
        guard let text = fields.text("base_url", maximumBytes: WebhookURL.maximumBytes) else { return nil }
        do throws(ServiceAddress.Fault) {
            return try ServiceAddress(name: "twenty", url: text, token: nil, isNamedByOperator: false).base
        } catch {
            fields.report("base_url", "An http or https address is expected: \(error).")
            return nil
        }
    }

    private static func key(_ fields: inout FieldReader) -> WebhookSecret? {
        guard let text = fields.text("api_key", maximumBytes: WebhookSecret.maximumBytes) else { return nil }
        guard let key = WebhookSecret(text) else {
            fields.report("api_key", "1 to \(WebhookSecret.maximumBytes) printable ASCII characters are expected.")
            return nil
        }
        return key
    }

    private static func flag(_ fields: inout FieldReader) -> Bool? {
        guard let member = fields.member("enabled") else { return nil }
        guard case .bool(let flag) = member else {
            fields.report("enabled", "true or false is expected.")
            return nil
        }
        return flag
    }

    private static func mode(_ fields: inout FieldReader) -> RecordSyncMode? {
        guard let text = fields.text("mode", maximumBytes: 100) else { return nil }
        guard let mode = RecordSyncMode(rawValue: text) else {
            let known = RecordSyncMode.allCases.map(\.rawValue).joined(separator: ", ")
            fields.report("mode", "One of \(known) is expected.")
            return nil
        }
        return mode
    }

    /// The stored settings that these make of others.
    ///
    /// - Parameters:
    ///   - current: what is stored; a key that is not given stays, but only goes to the address that it was given for.
    ///   - variables: whose key stands in where none was given, for their own address.
    /// - Throws: `InputError`, ``SecretsError``.
    public func config(
        changing current: RecordSyncConfig?, variables: RecordSyncSettings, _ keyring: SecretsKeyring, by name: String
    ) throws -> RecordSyncConfig {
        guard let baseURL, let isEnabled, let mode else {
            throw InputError(kind: .invalid, message: "The settings are not whole.")
        }
        var sealed: SealedSecret?
        if let key {
            sealed = try keyring.seal(key.revealed, of: RecordSyncConfig.owner)
        } else if RecordSyncSettings.isSamePlace(current?.baseURL, baseURL) {
            sealed = current?.key
        }
        let hasKey =
            sealed != nil || (variables.key != nil && RecordSyncSettings.isSamePlace(variables.baseURL, baseURL))
        if !hasKey, isEnabled, mode == .directCRM {
            let detail = "A key is required: none is known for this address, and the one of another is not sent there."
            throw InputError(problems: [.init(pointer: "/api_key", detail: detail)])
        }
        return RecordSyncConfig(
            baseURL: baseURL, key: sealed, isEnabled: isEnabled, mode: mode, createdBy: current?.createdBy ?? name,
            updatedBy: name)
    }

    /// What is to be tested, over what is in force.
    ///
    /// - Throws: when a key would go to an address that it was not given for.
    public func tested(over current: RecordSyncSettings) throws(InputError) -> RecordSyncSettings {
        var settings = current
        if let baseURL {
            guard key != nil || RecordSyncSettings.isSamePlace(baseURL, current.baseURL) else {
                let detail = "A key is required: the one of another address is not sent there."
                throw InputError(problems: [.init(pointer: "/api_key", detail: detail)])
            }
            if !RecordSyncSettings.isSamePlace(baseURL, current.baseURL) { settings.isNamedByOperator = false }
            settings.baseURL = baseURL
        }
        if let key { settings.key = key }
        return settings
    }
}
