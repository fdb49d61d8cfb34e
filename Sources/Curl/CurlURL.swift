internal import CCurl

/// The parts of a URL as libcurl reads it: what it would connect to, which other readers may see otherwise.
public struct CurlURL: Sendable, Hashable {
    /// In lower case.
    public let scheme: String
    /// A name, an address that libcurl has brought into its usual form, or an IPv6 address in brackets.
    public let host: String
    /// The scheme's own if none is given.
    public let port: Int
    /// Whether there is a user or a password.
    public let hasUserInfo: Bool

    /// Nil if libcurl would not take it.
    public init?(_ text: String) {
        guard !text.utf8.contains(0), let parser = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(parser) }
        guard unsafe curl_url_set(parser, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
        func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
            var found: UnsafeMutablePointer<CChar>?
            guard unsafe curl_url_get(parser, part, &found, UInt32(flags)) == CURLUE_OK, let found = unsafe found else {
                return nil
            }
            defer { unsafe curl_free(found) }
            return unsafe String(cString: found)
        }
        guard let scheme = part(CURLUPART_SCHEME), let host = part(CURLUPART_HOST),
            let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap(Int.init)
        else { return nil }
        self.scheme = scheme.lowercased()
        self.host = host
        self.port = port
        hasUserInfo = part(CURLUPART_USER) != nil || part(CURLUPART_PASSWORD) != nil
    }
}
