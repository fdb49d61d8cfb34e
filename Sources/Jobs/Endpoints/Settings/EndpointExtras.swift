import Basics

/// What an endpoint's owner adds to each request and may be secret; sealed as one.
struct EndpointExtras: Sendable, Hashable {
    var headers: [EndpointHeader] = []
    var tls: EndpointTLS?

    var isEmpty: Bool { headers.isEmpty && tls == nil }

    /// As it is sealed: `{"headers": {…}, "tls": {…}}`.
    var sealedText: String {
        var members = [JSONObject.Member(key: "headers", value: .object(headers.json))]
        if let tls { members.append(.init(key: "tls", value: .object(tls.json))) }
        return String(decoding: JSONValue.object(JSONObject(members: members)).encoded(), as: UTF8.self)
    }

    init(headers: [EndpointHeader] = [], tls: EndpointTLS? = nil) {
        (self.headers, self.tls) = (headers, tls)
    }

    /// Reads ``sealedText``; nil for anything else.
    init?(sealedText text: String) {
        let object: JSONObject?
        do { object = try JSONParser.parse([UInt8](text.utf8)).object } catch { return nil }
        guard let list = object?["headers"]?.object, let headers = [EndpointHeader](json: list) else { return nil }
        self.headers = headers
        guard let material = object?["tls"]?.object else { return }
        tls = EndpointTLS(json: material)
    }
}

extension SecretsKeyring {
    /// Opens what was sealed of an endpoint's extras; without any there are none.
    func extras(_ sealed: SealedSecret?, of id: String) throws(SecretsError) -> EndpointExtras {
        guard let sealed else { return EndpointExtras() }
        guard let extras = EndpointExtras(sealedText: try open(sealed, of: id)) else {
            throw SecretsError(.damaged, "an endpoint's headers cannot be read")
        }
        return extras
    }

    /// What an endpoint's sealed extras become by a draft: what it does not name stays.
    public func extras(
        _ draft: EndpointDraft, changing sealed: SealedSecret?, of id: String
    ) throws(SecretsError) -> SealedSecret? {
        if draft.headers == nil, draft.tls == nil { return sealed }
        var extras = try extras(sealed, of: id)
        if let headers = draft.headers { extras.headers = headers }
        if let tls = draft.tls { extras.tls = tls }
        return extras.isEmpty ? nil : try seal(extras.sealedText, of: id)
    }
}
