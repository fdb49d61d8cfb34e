public import Basics

/// A request as a peer sees it.
public struct PeerRequest: Sendable {
    /// In capitals.
    public let method: String
    /// Without the query, parts decoded.
    public let segments: [String]
    /// As it came, without the query.
    public let path: String
    /// Decoded as forms are, so that a bare plus sign is a space.
    public let query: [(name: String, value: String)]
    /// As it came, without the question mark.
    public let queryText: String
    /// Names in lower case.
    public let headers: [(name: String, value: String)]
    /// As it came.
    public let body: [UInt8]
    /// The body as JSON; nil when it is none.
    public let json: JSONValue?

    /// - Parameter target: path and query as in the request line.
    public init(method: String, target: String, headers: [(name: String, value: String)], body: [UInt8]) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = String(parts[0])
        queryText = parts.count > 1 ? String(parts[1]) : ""
        segments = path.split(separator: "/").map { FormText.decode($0, plusIsSpace: false) }
        query = FormText.fields(queryText)
        self.headers = headers.map { ($0.name.lowercased(), $0.value) }
        self.body = body
        json = Self.parse(body)
    }

    /// The first value of a header; `name` in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The first value of a query field.
    public func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The token of `Authorization: Bearer`.
    public var bearer: String? {
        guard let text = header("authorization"), text.lowercased().hasPrefix("bearer ") else { return nil }
        let token = text.dropFirst(7).drop { $0 == " " }
        return token.isEmpty ? nil : String(token)
    }

    /// The body as an object; empty when it is none.
    public var object: JSONObject { json?.object ?? JSONObject() }

    /// A member of the body that is a string and not empty.
    func text(_ key: String) -> String? { object[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    private static func parse(_ body: [UInt8]) -> JSONValue? {
        guard !body.isEmpty else { return nil }
        do {
            return try JSONParser.parse(body, limits: JSONLimits(bytes: 64 << 20, values: 8_000_000))
        } catch {
            return nil
        }
    }
}

/// Text as it stands in queries and forms.
enum FormText {
    /// The fields of a query or of a form's body, in order.
    static func fields(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                decode(parts[0], plusIsSpace: true), parts.count > 1 ? decode(parts[1], plusIsSpace: true) : ""
            )
        }
    }

    static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
