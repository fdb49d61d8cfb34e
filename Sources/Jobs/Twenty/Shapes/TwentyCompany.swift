public import Basics

/// What is to be so of a company in Twenty. Nil leaves a field as it is.
public struct TwentyCompany: Sendable, Hashable {
    public var name: String?
    /// Its website, as ``link(_:)`` writes it. Twenty keeps one company for each.
    public var website: String?
    /// More fields by their API names. One that the workspace does not have makes Twenty refuse the whole record.
    public var others: JSONObject

    /// A company of which nothing is said.
    public init(name: String? = nil, website: String? = nil, others: JSONObject = [:]) {
        (self.name, self.others) = (name, others)
        self.website = website.map(Self.link)
    }

    /// The fields for a create, or for an upsert of a company of which nothing is known yet.
    ///
    /// - Parameter id: ours, of version 1 to 5.
    public func fields(id: String?) -> JSONObject {
        var fields = JSONObject()
        if let id { fields.members.append(.init(key: "id", value: .string(id))) }
        if let name { fields.members.append(.init(key: "name", value: .string(name))) }
        if let website { fields.members.append(.init(key: "domainName", value: Self.domain(website))) }
        fields.members += others.members
        return fields
    }

    /// What a patch must hold to make the record so; empty when it is already.
    public func changes(from record: TwentyRecord) -> JSONObject {
        var changes = JSONObject()
        if let name, name != record.text("name") ?? "" {
            changes.members.append(.init(key: "name", value: .string(name)))
        }
        if let website, website != record.text("domainName.primaryLinkUrl").map(Self.link) {
            var domain: [JSONObject.Member] = [.init(key: "primaryLinkUrl", value: .string(website))]
            for key in ["primaryLinkLabel", "secondaryLinks"] {
                guard let kept = record["domainName"]?.object?[key], !kept.isNull else { continue }
                domain.append(.init(key: key, value: kept))
            }
            changes.members.append(.init(key: "domainName", value: .object(JSONObject(members: domain))))
        }
        changes.members += others.members.filter { !$0.value.isCovered(by: record[$0.key]) }
        return changes
    }

    /// A website in one form: with a scheme, scheme and host in lower case, no slash at its end. Twenty normalises some of
    /// this itself, and not the same in every version.
    public static func link(_ text: String) -> String {
        var rest = Substring(text.filter { !$0.isWhitespace })
        while rest.hasSuffix("/") { rest.removeLast() }
        let lower = rest.lowercased()
        let scheme = lower.hasPrefix("http://") ? "http://" : "https://"
        if lower.hasPrefix(scheme) { rest = rest.dropFirst(scheme.utf8.count) }
        let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return scheme + host.lowercased() + rest.dropFirst(host.count)
    }

    private static func domain(_ website: String) -> JSONValue { .object(["primaryLinkUrl": .string(website)]) }
}
