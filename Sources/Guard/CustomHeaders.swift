/// The headers that the owner of a target adds to each delivery: checked, bounded, and none that belongs to somebody else.
public struct CustomHeaders: Sendable, Hashable {
    /// Most of them.
    public static let maximumCount = 50
    /// Most bytes of names and values together.
    public static let maximumBytes = 16_384

    /// In their order.
    public let fields: [HeaderField]

    /// Checks all; refuses the first that is wrong, a name that comes twice included.
    public init(_ headers: [(name: String, value: String)] = []) throws(HeaderField.Fault) {
        guard headers.count <= Self.maximumCount else {
            throw HeaderField.Fault(description: "there are more than \(Self.maximumCount) headers")
        }
        var fields: [HeaderField] = []
        var names: Set<String> = []
        var bytes = 0
        for (name, value) in headers {
            let field = try HeaderField(name: name, value: value)
            if let owner = Self.owner(of: name) {
                throw HeaderField.Fault(description: "the header \(name) is not free: it \(owner)")
            }
            guard names.insert(name.lowercased()).inserted else {
                throw HeaderField.Fault(description: "the header \(name) comes twice")
            }
            bytes += name.utf8.count + value.utf8.count
            fields.append(field)
        }
        guard bytes <= Self.maximumBytes else {
            throw HeaderField.Fault(description: "the headers have more than \(Self.maximumBytes) bytes")
        }
        self.fields = fields
    }

    /// Whom a name belongs to, as the end of "it …"; nil if it is free.
    public static func owner(of name: String) -> String? {
        let name = name.lowercased()
        if framing.contains(name) { return "belongs to the connection" }
        if own.contains(name) || ownBeginnings.contains(where: name.hasPrefix) { return "is set by the sender" }
        if metadata.contains(name) || metadataBeginnings.contains(where: name.hasPrefix) {
            return "opens a cloud's metadata service"
        }
        if forwarded.contains(name) || name.hasPrefix("x-forwarded-") || name.hasPrefix("proxy-") {
            return "belongs to proxies"
        }
        return nil
    }

    private static let framing: Set<String> = [
        "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    private static let own: Set<String> = [
        "accept-encoding", "content-encoding", "content-type", "date", "user-agent", "x-aventora-webhook-secret",
        "x-twenty-signature", "x-twenty-timestamp",
    ]

    /// The signing schemes' names.
    private static let ownBeginnings = ["webhook-", "svix-", "x-twenty-webhook-", "x-aventora-"]

    /// Without one of these most metadata services answer nothing: a second lock behind the addresses.
    private static let metadata: Set<String> = ["metadata", "metadata-flavor", "x-google-metadata-request"]
    private static let metadataBeginnings = ["x-aws-ec2-metadata-token", "x-metadata-token", "x-aliyun-ecs-metadata"]

    private static let forwarded: Set<String> = ["forwarded", "via", "x-real-ip"]
}
