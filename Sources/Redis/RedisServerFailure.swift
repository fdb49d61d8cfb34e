/// An error that the server answered a command with.
public struct RedisServerFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The first word, such as `NOSCRIPT`, `LOADING`, `READONLY`, `OOM`, `WRONGTYPE` or `ERR`.
    public let code: String

    /// What follows the first word.
    public let message: String

    /// Splits the line of an error reply.
    init(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1)
        code = parts.first.map(String.init) ?? "ERR"
        message = parts.count > 1 ? String(parts[1]) : ""
    }

    /// Whether the server only was in a passing state; it did not carry the command out.
    public var isRetriable: Bool {
        switch code {
        case "LOADING", "BUSY", "TRYAGAIN", "MASTERDOWN", "READONLY", "CLUSTERDOWN": true
        default: false
        }
    }

    var isMissingScript: Bool { code == "NOSCRIPT" }

    var isAboutCredentials: Bool { code == "WRONGPASS" || code == "NOAUTH" }

    public var description: String { message.isEmpty ? code : "\(code) \(message)" }
}
