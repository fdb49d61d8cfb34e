import Basics

/// Whom an endpoint's owner trusts and how we show ourselves there, in PEM. Verification itself cannot be turned off. It never
/// shows in descriptions, mirrors or answers.
public struct EndpointTLS: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// Most bytes of each part.
    public static let maximumBytes = 65_536

    /// Trusted in place of the system's authorities; nil for those.
    let authority: String?
    /// What we present, with its chain, and its key; nil for nothing.
    let identity: Identity?

    struct Identity: Sendable, Hashable {
        let certificate: String
        let key: String
    }

    /// Which parts there are, as the API names them.
    var parts: [String] { (authority == nil ? [] : ["ca"]) + (identity == nil ? [] : ["certificate"]) }

    /// Nothing of it.
    public var description: String { "<TLS material>" }
    /// Nothing of it.
    public var debugDescription: String { description }
    /// Nothing of it.
    public var customMirror: Mirror { Mirror(self, children: []) }

    init(authority: String?, identity: Identity?) { (self.authority, self.identity) = (authority, identity) }

    init(json: JSONObject) {
        authority = json["ca"]?.string
        if let certificate = json["certificate"]?.string, let key = json["key"]?.string {
            identity = Identity(certificate: certificate, key: key)
        } else {
            identity = nil
        }
    }

    var json: JSONObject {
        let members = [("ca", authority), ("certificate", identity?.certificate), ("key", identity?.key)]
        return JSONObject(
            members: members.compactMap { key, value in value.map { .init(key: key, value: .string($0)) } })
    }

    /// Why a text cannot be a part, as a sentence; nil when it can.
    static func fault(_ text: String, label: String) -> String? {
        guard text.utf8.count <= maximumBytes else { return "At most \(maximumBytes) bytes are allowed." }
        guard text.utf8.allSatisfy({ 0x20...0x7E ~= $0 || $0 == 0x0A || $0 == 0x0D }) else {
            return "PEM is plain ASCII text."
        }
        if text.contains("ENCRYPTED") { return "The key must not be encrypted; it is sealed with SECRETS_KEY here." }
        guard text.contains("\(label)-----"), text.contains("-----BEGIN "), text.contains("-----END ") else {
            return "A \(label) in PEM is expected."
        }
        return nil
    }
}

extension FieldReader {
    /// `{"ca"?, "certificate"? with "key"}`.
    mutating func endpointTLS(_ key: String) -> EndpointTLS? {
        guard let object = nested(key) else { return nil }
        var fields = FieldReader(object, prefix: prefix + FieldProblem.token(key))
        fields.refuseOthers(than: ["ca", "certificate", "key"])
        func part(_ name: String, _ label: String) -> String? {
            guard let value = fields.member(name) else { return nil }
            guard let text = value.string else {
                fields.report(name, "A string is expected, not \(value.kindName).")
                return nil
            }
            if let fault = EndpointTLS.fault(text, label: label) { fields.report(name, fault) }
            return text
        }
        let authority = part("ca", "CERTIFICATE")
        let certificate = part("certificate", "CERTIFICATE")
        let secret = part("key", "PRIVATE KEY")
        var identity: EndpointTLS.Identity?
        if let certificate, let secret {
            identity = .init(certificate: certificate, key: secret)
        } else if fields.problems.isEmpty, (certificate == nil) != (secret == nil) {
            fields.report(certificate == nil ? "certificate" : "key", "A certificate and its key go together.")
        }
        append(fields.problems)
        guard fields.problems.isEmpty, authority != nil || identity != nil else { return nil }
        return EndpointTLS(authority: authority, identity: identity)
    }
}
