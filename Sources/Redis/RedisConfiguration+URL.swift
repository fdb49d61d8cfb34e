// No message here repeats any part of the URL: with a character that should have been percent-encoded, a part of the
// password may stand where the host or the port is expected.

extension RedisConfiguration {
    /// Reads `redis://[user][:password]@host[:port][/database]` or `unix://[user:password@]/path/to.sock[?db=database]`.
    ///
    /// User, password, host and path may be percent-encoded. The port is 6379 and the database 0 unless given.
    ///
    /// - Throws: ``RedisError/Code/invalidConfiguration`` with what is allowed; the text shows nothing of the URL.
    public init(url: String) throws(RedisError) {
        guard let separator = url.firstRange(of: "://") else { throw .invalidURL("it has no scheme") }
        let scheme = url[..<separator.lowerBound].lowercased()
        let rest = url[separator.upperBound...]
        guard !rest.contains("#") else { throw .invalidURL("'#' must be percent-encoded as %23") }
        switch scheme {
        case "redis": self = try RedisConfiguration.parseTCP(rest)
        case "unix": self = try RedisConfiguration.parseUnix(rest)
        case "rediss", "redis+tls", "valkeys": throw .unsupportedURL("TLS")
        case _ where scheme.contains("sentinel"): throw .unsupportedURL("Sentinel")
        case _ where scheme.contains("cluster"): throw .unsupportedURL("Cluster")
        default: throw .invalidURL("its scheme is not known")
        }
    }

    private static func parseTCP(_ rest: Substring) throws(RedisError) -> RedisConfiguration {
        guard !rest.contains("?") else { throw .invalidURL("it takes no query, and '?' must be percent-encoded") }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let (credentials, address) = splitCredentials(rest[..<slash])
        let (host, port) = try parseAddress(address)
        var configuration = RedisConfiguration(endpoint: .tcp(host: host, port: port))
        try configuration.read(credentials: credentials)
        let path = rest[slash...].dropFirst()
        if !path.isEmpty { configuration.database = try parseDatabase(path) }
        return configuration
    }

    private static func parseUnix(_ rest: Substring) throws(RedisError) -> RedisConfiguration {
        guard let slash = rest.firstIndex(of: "/") else { throw .invalidURL("it names no absolute path") }
        let (credentials, address) = splitCredentials(rest[..<slash])
        guard address.isEmpty else { throw .invalidURL("a socket path starts with '/' and has no host before it") }
        let mark = rest.firstIndex(of: "?") ?? rest.endIndex
        guard slash < mark else { throw .invalidURL("'?' must be percent-encoded before the path") }
        let path = try decode(rest[slash..<mark], part: "path")
        guard (2...RedisLimits.socketPathBytes).contains(path.utf8.count) else {
            throw .invalidURL("a socket path has 2 to \(RedisLimits.socketPathBytes) bytes")
        }
        var configuration = RedisConfiguration(endpoint: .unix(path: path))
        try configuration.read(credentials: credentials)
        let query = rest[mark...].dropFirst()
        if mark != rest.endIndex {
            guard query.hasPrefix("db=") else { throw .invalidURL("the only query is ?db=<number>") }
            configuration.database = try parseDatabase(query.dropFirst(3))
        }
        return configuration
    }

    /// The last `@` ends the credentials, so that one within a password does no harm.
    private static func splitCredentials(_ authority: Substring) -> (credentials: Substring?, address: Substring) {
        guard let at = authority.lastIndex(of: "@") else { return (nil, authority) }
        return (authority[..<at], authority[authority.index(after: at)...])
    }

    private mutating func read(credentials: Substring?) throws(RedisError) {
        guard let credentials else { return }
        let colon = credentials.firstIndex(of: ":") ?? credentials.endIndex
        let user = try Self.decode(credentials[..<colon], part: "user")
        let secret = try Self.decode(credentials[colon...].dropFirst(), part: "password")
        guard user.isEmpty || !secret.isEmpty else { throw .invalidURL("a user needs a password") }
        username = user.isEmpty ? nil : user
        password = secret.isEmpty ? nil : secret
    }

    private static func parseAddress(_ address: Substring) throws(RedisError) -> (host: String, port: Int) {
        var host = address
        var port = Substring()
        if address.hasPrefix("[") {
            guard let end = address.firstIndex(of: "]") else { throw .invalidURL("an IPv6 host ends with ']'") }
            host = address[..<end].dropFirst()
            port = address[address.index(after: end)...]
        } else if let colon = address.firstIndex(of: ":") {
            host = address[..<colon]
            port = address[colon...]
        }
        let name = try decode(host, part: "host")
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw .invalidURL("it names no host")
        }
        if port.isEmpty { return (name, defaultPort) }
        guard port.first == ":", let number = parseDigits(port.dropFirst()), (1...65_535).contains(number) else {
            throw .invalidURL("a port is a number from 1 to 65535")
        }
        return (name, number)
    }

    private static func parseDatabase(_ text: Substring) throws(RedisError) -> Int {
        guard let number = parseDigits(text), number <= Int(Int32.max) else {
            throw .invalidURL("a database is a number from 0")
        }
        return number
    }

    private static func parseDigits(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }

    private static func decode(_ text: Substring, part: String) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                throw .invalidURL("in the \(part), '%' is not followed by two hexadecimal digits")
            }
            bytes.append(high * 16 + low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw .invalidURL("the \(part) is not UTF-8 text")
        }
        return decoded
    }
}

extension RedisError {
    fileprivate static func invalidURL(_ reason: String) -> RedisError {
        let tcp = "redis://[user][:password]@host[:port][/database]"
        let unix = "unix://[user:password@]/path/to.sock[?db=database]"
        return RedisError(.invalidConfiguration, "malformed URL: \(reason); allowed are \(tcp) and \(unix)")
    }

    fileprivate static func unsupportedURL(_ feature: String) -> RedisError {
        RedisError(.invalidConfiguration, "\(feature) is not supported by this build; use redis:// or unix://")
    }
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
