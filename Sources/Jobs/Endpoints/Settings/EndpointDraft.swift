public import Basics

/// What somebody asks an endpoint to be: a new one, or a change of one.
public struct EndpointDraft: Sendable {
    /// What it will be.
    public let settings: EndpointSettings
    /// The headers to send from now on; nil leaves them as they are.
    public let headers: [EndpointHeader]?
    /// The secret to sign with; nil leaves it as it is, or has one made.
    public let secret: EndpointSecret?

    private static let members = [
        "url", "operations", "description", "format", "signing", "secret", "retry", "max_in_flight", "rate_per_second",
        "headers", "filter", "order_by", "enabled",
    ]

    /// Reads the body of a request. A member that is null goes back to its default; one that is absent stays.
    ///
    /// - Parameter current: what the endpoint is now; nil for a new one.
    /// - Throws: every problem at once.
    public static func decode(_ bytes: [UInt8], changing current: Endpoint? = nil) throws(InputError) -> EndpointDraft {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: 262_144, depth: 16, values: 10_000))
        } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            let detail = "An endpoint is a JSON object, not \(value.kindName)."
            throw InputError(problems: [FieldProblem(pointer: "", detail: detail)])
        }
        return try EndpointDraft(object, current)
    }

    private init(_ object: JSONObject, _ current: Endpoint?) throws(InputError) {
        var fields = FieldReader(object)
        fields.refuseOthers(than: Self.members)
        let url = Self.url(&fields) ?? current?.settings.url
        let operations = Self.operations(&fields) ?? current?.settings.operations
        for (key, isMissing) in [("url", url == nil), ("operations", operations == nil)] {
            if isMissing, object[key] == nil { fields.report(key, "This field is required.") }
            if object[key]?.isNull == true { fields.report(key, "It cannot be null.") }
        }
        // Something to collect the rest's problems with, even where these two are wrong.
        var settings =
            current?.settings ?? EndpointSettings(url: url ?? Self.nowhere, operations: operations ?? [])
        if let url { settings.url = url }
        if let operations { settings.operations = operations }
        Self.readChoices(&fields, &settings)
        Self.readLimits(&fields, &settings)
        headers = object["headers"].flatMap { $0.isNull ? [] : fields.endpointHeaders("headers") }
        if let headers { settings.headerNames = headers.map(\.name) }
        secret = Self.secret(&fields, settings.signing, isNew: current == nil)
        guard fields.problems.isEmpty, url != nil else { throw InputError(problems: fields.problems) }
        self.settings = settings
    }

    private static let nowhere = WebhookURL.placeholder

    private static func url(_ fields: inout FieldReader) -> WebhookURL? {
        guard let value = fields.member("url") else { return nil }
        guard let text = value.string else {
            fields.report("url", "A string is expected, not \(value.kindName).")
            return nil
        }
        do {
            return try WebhookURL(text)
        } catch {
            let allowed = "an http or https address of at most \(WebhookURL.maximumBytes) bytes is expected"
            fields.report("url", "The address is not usable: \(error.description); \(allowed).")
            return nil
        }
    }

    private static func operations(_ fields: inout FieldReader) -> [EventPattern]? {
        guard let items = fields.array("operations") else { return nil }
        guard 1...EndpointSettings.maximumOperations ~= items.count else {
            fields.report(
                "operations", "1 to \(EndpointSettings.maximumOperations) are expected; these are \(items.count).")
            return nil
        }
        var patterns: [EventPattern] = []
        for (index, item) in items.enumerated() {
            if let pattern = item.string.flatMap({ EventPattern($0) }) {
                patterns.append(pattern)
            } else {
                let detail = "object.action, object.*, *.action or *.* of an event that there can be is expected."
                fields.append([.init(pointer: "/operations/\(index)", detail: detail)])
            }
        }
        return patterns.count == items.count ? patterns : nil
    }

    private static func readChoices(_ fields: inout FieldReader, _ settings: inout EndpointSettings) {
        let object = fields.object
        if object["description"] != nil {
            settings.note = fields.text("description", maximumBytes: EndpointSettings.maximumDescriptionBytes)
        }
        if object["format"] != nil { settings.format = fields.choice("format") ?? .record }
        if object["signing"] != nil { settings.signing = fields.choice("signing") ?? .standard }
        if object["retry"] != nil { settings.retry = fields.endpointRetry("retry") ?? .standard }
        if object["filter"] != nil { settings.filter = filter(&fields) }
        if let value = object["enabled"] {
            if case .bool(let flag) = value {
                settings.isEnabled = flag
            } else {
                fields.report("enabled", "true or false is expected, not \(value.kindName).")
            }
        }
        if object["order_by"] != nil { settings.order = fields.choice("order_by") }
    }

    private static func readLimits(_ fields: inout FieldReader, _ settings: inout EndpointSettings) {
        if fields.object["max_in_flight"] != nil {
            settings.maximumInFlight =
                fields.integer("max_in_flight", in: EndpointSettings.inFlight).map { Int($0) }
                ?? EndpointSettings.standardInFlight
        }
        guard let value = fields.object["rate_per_second"] else { return }
        settings.ratePerSecond = nil
        guard !value.isNull else { return }
        if case .number(let text) = value, let rate = Double(text), EndpointSettings.rates.contains(rate) {
            settings.ratePerSecond = rate
        } else {
            let range = EndpointSettings.rates
            fields.report("rate_per_second", "A number from \(range.lowerBound) to \(range.upperBound) is expected.")
        }
    }

    private static func filter(_ fields: inout FieldReader) -> EndpointFilter {
        guard let object = fields.nested("filter") else { return EndpointFilter() }
        var inner = FieldReader(object, prefix: "/filter")
        inner.refuseOthers(than: ["objects", "conditions"])
        var filter = EndpointFilter()
        let objects = inner.array("objects") ?? []
        if objects.count > EndpointFilter.maximumObjects {
            inner.report("objects", "At most \(EndpointFilter.maximumObjects) are allowed; these are \(objects.count).")
        }
        for (index, item) in objects.prefix(EndpointFilter.maximumObjects).enumerated() {
            if let name = item.string, EventType.isObjectName(name) {
                filter.objects.append(name)
            } else {
                let detail = "The name of an object is expected, as before the dot of an event's type."
                inner.append([.init(pointer: "/filter/objects/\(index)", detail: detail)])
            }
        }
        let conditions = inner.nested("conditions")?.members ?? []
        if conditions.count > EndpointFilter.maximumConditions {
            inner.report(
                "conditions", "At most \(EndpointFilter.maximumConditions) are allowed; these are \(conditions.count).")
        }
        for member in conditions.prefix(EndpointFilter.maximumConditions) {
            if let condition = FieldCondition(path: member.key, value: member.value) {
                filter.conditions.append(condition)
            } else {
                let detail = "A path of keys with dots between, and a scalar or an array of scalars, are expected."
                inner.append([.init(pointer: "/filter/conditions" + FieldProblem.token(member.key), detail: detail)])
            }
        }
        fields.append(inner.problems)
        return filter
    }

    private static func secret(
        _ fields: inout FieldReader, _ scheme: SigningScheme, isNew: Bool
    ) -> EndpointSecret? {
        guard let value = fields.member("secret") else { return nil }
        guard isNew else {
            fields.report("secret", "A secret is changed with /rotate-secret, which lets the old one sign for a while.")
            return nil
        }
        return fields.endpointSecret("secret", value, for: scheme)
    }
}

extension FieldReader {
    /// A secret that was made elsewhere.
    mutating func endpointSecret(_ key: String, _ value: JSONValue, for scheme: SigningScheme) -> EndpointSecret? {
        guard let text = value.string else {
            report(key, "A string is expected, not \(value.kindName).")
            return nil
        }
        guard scheme.needsSecret else {
            report(key, "Nothing is signed with the scheme \(scheme).")
            return nil
        }
        do {
            return try EndpointSecret(text, for: scheme)
        } catch {
            report(key, error.description)
            return nil
        }
    }

    /// One of the cases of an enumeration, by its name.
    mutating func choice<Choice>(_ key: String) -> Choice?
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        guard let value = member(key) else { return nil }
        if let choice = value.string.flatMap({ Choice(rawValue: $0) }) { return choice }
        report(key, "One of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")) is expected.")
        return nil
    }
}
