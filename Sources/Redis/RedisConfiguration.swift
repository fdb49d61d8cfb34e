/// Where the server is and how to enter it. Neither its description nor its mirror shows the password.
public struct RedisConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// The two kinds of address.
    public enum Endpoint: Sendable, Equatable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unix(path: String)

        public var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): path
            }
        }
    }

    public var endpoint: Endpoint

    /// The user of the server's access list; nil for the default user.
    public var username: String?

    /// Secret. Nil sends no `AUTH` at all.
    public var password: String?

    /// The logical database; the server has 16 unless it is told otherwise.
    public var database: Int

    /// How long connecting, and then logging in, may take each. Looking up the host's name is not counted.
    public var connectTimeout: Duration = .seconds(2)

    /// How long the server may be silent while replies are awaited.
    public var commandTimeout: Duration = .seconds(5)

    /// The port of a URL that names none.
    public static let defaultPort = 6379

    /// A configuration from its parts, with the default time-outs.
    public init(endpoint: Endpoint, username: String? = nil, password: String? = nil, database: Int = 0) {
        self.endpoint = endpoint
        self.username = username
        self.password = password
        self.database = database
    }

    /// The address with the user, and stars for a password.
    public var description: String {
        let secret = password == nil ? "" : "\(username ?? ""):***@"
        return switch endpoint {
        case .tcp: "redis://\(secret)\(endpoint)/\(database)"
        case .unix: "unix://\(secret)\(endpoint)?db=\(database)"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
