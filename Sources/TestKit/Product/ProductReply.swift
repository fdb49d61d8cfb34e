package import Basics

/// What the API answered.
package struct ProductReply: Sendable {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package let bytes: [UInt8]
    /// The body as JSON; null when it is none.
    package let json: JSONValue

    /// The body as an object; empty when it is none.
    package var object: JSONObject { json.object ?? JSONObject() }

    /// The first value of a header, whatever the case of its name.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Takes the parts as they came.
    package init(status: Int, headers: [(name: String, value: String)], bytes: [UInt8]) {
        self.status = status
        self.headers = headers
        self.bytes = bytes
        do {
            json = try JSONParser.parse(bytes, limits: JSONLimits(bytes: 16 << 20, values: 1_000_000))
        } catch {
            json = .null
        }
    }
}
