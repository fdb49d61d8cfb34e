public import Basics

/// What a workspace of the CRM has settled about its engagements.
public struct EngagementWorkspace: Sendable, Hashable {
    /// The CRM's.
    public let id: String
    /// Its account at the Hub.
    public var domainName: String
    /// Whether engagements may be begun.
    public var isEnabled: Bool
    /// The account's key at the Hub; nil: the one of the variable.
    public var sealedKey: SealedSecret?
    /// Where a wish says nothing.
    public var defaults: EngagementWish
    /// By the cockpit's word.
    public var actions: [String: EngagementWish]
    /// What signals do.
    public var rules: [CockpitRule]

    /// Whom the key was sealed for.
    static func owner(_ id: String) -> String { "engagement workspace \(id)" }

    /// The key as it is stored.
    public func seal(_ key: WebhookSecret, with keyring: SecretsKeyring) throws(SecretsError) -> SealedSecret {
        try keyring.seal(key.revealed, of: Self.owner(id))
    }

    /// What the cockpit's word stands for here; nil when it means nothing.
    func wish(for action: String) -> EngagementWish? { actions[action] ?? CockpitRule.actions[action] }
}

/// A workspace's settings as somebody posted them.
public struct EngagementWorkspaceDraft: Sendable, Hashable {
    /// What becomes of the key.
    public enum Key: Sendable, Hashable {
        case kept, removed
        case set(WebhookSecret)
    }

    /// Without its key.
    public let workspace: EngagementWorkspace
    public let key: Key

    private static let maximumActions = 100
    private static let members = [
        "domain_name", "enabled", "api_key", "channel", "type", "instruction", "actions", "rules",
    ]

    /// Reads `{"domain_name", "enabled"?, "api_key"?, "channel"?, "type"?, "instruction"?, "actions"?, "rules"?}`. An
    /// `api_key` that is absent stays as it is; an empty one is removed.
    ///
    /// - Throws: malformed or invalid, with every problem.
    public static func decode(_ bytes: [UInt8], id: String) throws(InputError) -> EngagementWorkspaceDraft {
        var fields = FieldReader(try JSONObject.posted(bytes, "The settings"))
        fields.refuseOthers(than: members)
        let domainName = fields.identifier("domain_name", isRequired: true)
        let isEnabled = fields.boolean("enabled") ?? true
        var key = Key.kept
        if let text = fields.text("api_key") {
            if text.isEmpty {
                key = .removed
            } else if let secret = WebhookSecret(text) {
                key = .set(secret)
            } else {
                fields.report("api_key", "1 to \(WebhookSecret.maximumBytes) printable ASCII characters are expected.")
            }
        }
        let defaults = EngagementWish(&fields)
        let actions = Self.actions(&fields)
        let rules = Self.rules(&fields)
        guard let domainName, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        return EngagementWorkspaceDraft(
            workspace: EngagementWorkspace(
                id: id, domainName: domainName, isEnabled: isEnabled, sealedKey: nil, defaults: defaults,
                actions: actions, rules: rules ?? CockpitRule.templates), key: key)
    }

    private static func actions(_ fields: inout FieldReader) -> [String: EngagementWish] {
        guard let object = fields.nested("actions") else { return [:] }
        guard object.members.count <= maximumActions else {
            fields.report("actions", "At most \(maximumActions) are allowed.")
            return [:]
        }
        var actions: [String: EngagementWish] = [:]
        for member in object.members {
            let place = "/actions" + FieldProblem.token(member.key)
            guard let wish = member.value.object else {
                fields.append([.init(pointer: place, detail: "An object is expected, not \(member.value.kindName).")])
                continue
            }
            var reader = FieldReader(wish, prefix: place)
            reader.refuseOthers(than: EngagementWish.members)
            actions[member.key] = EngagementWish(&reader)
            fields.append(reader.problems)
        }
        return actions
    }

    private static func rules(_ fields: inout FieldReader) -> [CockpitRule]? {
        guard let items = fields.array("rules") else { return nil }
        guard items.count <= CockpitRule.maximumCount else {
            fields.report("rules", "At most \(CockpitRule.maximumCount) are allowed.")
            return nil
        }
        var rules: [CockpitRule] = []
        for (index, item) in items.enumerated() {
            guard let object = item.object else {
                fields.append([
                    .init(pointer: "/rules/\(index)", detail: "An object is expected, not \(item.kindName).")
                ])
                continue
            }
            var reader = FieldReader(object, prefix: "/rules/\(index)")
            if let rule = CockpitRule(&reader) {
                if rules.contains(where: { $0.key == rule.key }) { reader.report("key", "Another rule has this key.") }
                rules.append(rule)
            }
            fields.append(reader.problems)
        }
        return rules
    }
}

extension JSONObject {
    /// A posted body that has to be an object.
    static func posted(_ bytes: [UInt8], _ name: String) throws(InputError) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: max(bytes.count, 1)))
        } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            let detail = "\(name) are a JSON object, not \(value.kindName)."
            throw InputError(problems: [.init(pointer: "", detail: detail)])
        }
        return object
    }
}
