import Curl

/// Heads of requests and responses as text, one line a field.
enum HTTPHead {
    /// Path and query are left out: they may carry a token.
    static func text(of request: CurlRequest, mask: SecretMask) -> String {
        var text = ""
        text.reserveCapacity(512)
        text += request.method.rawValue
        text += " "
        text += origin(of: request.url)
        text += "/… HTTP/1.1"
        for (name, value) in request.headers { append(name, mask.request(name, value), to: &text) }
        append("Content-Length", "\(request.body.count)", to: &text)
        return StorableText.make(text, maximumBytes: DeliveryAttempt.maximumHeadBytes)
    }

    static func text(of response: CurlResponse, mask: SecretMask) -> String {
        var text = ""
        text.reserveCapacity(512)
        text += "HTTP/\(response.httpVersion) \(response.status)"
        for (name, value) in response.headers {
            // The rest would not be kept anyway.
            guard text.utf8.count <= DeliveryAttempt.maximumHeadBytes else { break }
            append(name, mask.response(name, value), to: &text)
        }
        return StorableText.make(text, maximumBytes: DeliveryAttempt.maximumHeadBytes)
    }

    private static func append(_ name: String, _ value: String, to text: inout String) {
        text += "\n"
        text += name
        text += ": "
        text += value
    }

    /// Scheme, host and port.
    private static func origin(of url: String) -> Substring {
        let bytes = url.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return "" }
        let start = bytes.index(colon, offsetBy: 3, limitedBy: bytes.endIndex) ?? bytes.endIndex
        let end = bytes[start...].firstIndex { "/?#\\".utf8.contains($0) } ?? bytes.endIndex
        return url[..<end]
    }
}
