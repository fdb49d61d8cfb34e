// What is refused before anything is sent: libcurl passes CR and LF in headers straight through, guesses a scheme, and
// drops headers whose value is blank.

/// Checks a request and writes its header lines. Pure, runs on the caller's task.
enum RequestCheck {
    private static let longestURLBytes = 8_192
    private static let mostHeaders = 100
    private static let mostHeaderBytes = 64 << 10
    private static let longestTimeoutMilliseconds = 86_400_000
    private static let largestHeaderLimitBytes = 256 << 10

    /// Fields that belong to the connection or the framing, lower case: a caller's own would let it smuggle a request.
    private static let ownFields: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "expect", "keep-alive", "upgrade", "te", "trailer",
        "proxy-connection", "proxy-authorization", "http2-settings",
    ]

    /// The lines for `CURLOPT_HTTPHEADER`, or why the request cannot be sent.
    static func headerLines(
        of request: CurlRequest,
        bodyLimitBytes: Int,
    ) throws(CurlError) -> [String] {
        try check(url: request.url)
        try check(limitsOf: request)
        guard request.body.count <= bodyLimitBytes else {
            throw .invalid("the body has \(request.body.count) bytes, the limit is \(bodyLimitBytes)")
        }
        guard (request.clientCertificatePEM == nil) == (request.clientKeyPEM == nil) else {
            throw .invalid("a client certificate and its key go together")
        }
        guard request.headers.count <= mostHeaders else { throw .invalid("more than \(mostHeaders) headers") }
        var lines = ["Expect:"]
        lines.reserveCapacity(request.headers.count + 2)
        var bytes = 0
        var hasContentType = false
        for (name, value) in request.headers {
            try check(name: name)
            try check(value: value, of: name)
            bytes += name.utf8.count + value.utf8.count + 4
            if name.utf8.count == 12, name.lowercased() == "content-type" { hasContentType = true }
            let isBlank = value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            lines.append(isBlank ? name + ";" : name + ": " + value)
        }
        guard bytes <= mostHeaderBytes else { throw .invalid("more than \(mostHeaderBytes) bytes of headers") }
        if !hasContentType { lines.append("Content-Type:") }
        return lines
    }

    private static func check(limitsOf request: CurlRequest) throws(CurlError) {
        let timeouts = 1...longestTimeoutMilliseconds
        guard timeouts.contains(request.connectTimeoutMilliseconds), timeouts.contains(request.totalTimeoutMilliseconds)
        else { throw .invalid("time-outs must be within \(timeouts) ms") }
        guard request.responseLimitBytes >= 0 else { throw .invalid("the response limit is negative") }
        guard (1...largestHeaderLimitBytes).contains(request.responseHeaderLimitBytes) else {
            throw .invalid("the response header limit must be within 1...\(largestHeaderLimitBytes) bytes")
        }
    }

    private static func check(url: String) throws(CurlError) {
        let bytes = url.utf8
        guard bytes.count <= longestURLBytes else { throw .invalid("the URL is longer than \(longestURLBytes) bytes") }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalid("the URL holds a space, a control character or a byte outside ASCII")
        }
        let scheme = url.prefix(8).lowercased()
        let start = scheme.hasPrefix("http://") ? 7 : scheme == "https://" ? 8 : 0
        guard start > 0 else { throw .invalid("the URL is not absolute with http or https") }
        let delimiters: [UInt8] = Array("/?#\\".utf8)
        let authority = bytes.dropFirst(start).prefix { !delimiters.contains($0) }
        guard !authority.isEmpty else { throw .invalid("the URL has no host") }
        guard !authority.contains(UInt8(ascii: "@")) else { throw .invalid("the URL carries user info") }
    }

    private static func check(name: String) throws(CurlError) {
        guard !name.isEmpty, name.utf8.allSatisfy(isToken) else { throw .invalid("a header's name is not a token") }
        guard !ownFields.contains(name.lowercased()) else {
            throw .invalid("the header \(name.lowercased()) is the client's own")
        }
    }

    private static func check(value: String, of name: String) throws(CurlError) {
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            throw .invalid("the header \(name) holds a control character")
        }
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        // !#$%&'*+-.^_`|~
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
