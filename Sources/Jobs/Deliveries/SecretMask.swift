// What must not be kept goes before anything is kept: the values of headers by name, and known secrets wherever they turn up,
// since a target may send back what it got.

/// Takes secrets out of heads and bodies.
public struct SecretMask: Sendable {
    /// What stands in a secret's place.
    public static let replacement = "***"
    /// A shorter text is too common to be searched for; nobody's secret has to be.
    private static let shortestBytes = 4

    /// Header names of requests, lower case, whose values hold no secret. Every other value is masked: what an endpoint adds
    /// may be a key under any name.
    private static let plainRequestNames: Set<String> = [
        "accept", "content-length", "content-type", "host", "user-agent", "webhook-id", "webhook-timestamp",
        "x-twenty-timestamp", "x-twenty-webhook-nonce", "x-twenty-webhook-timestamp",
    ]
    /// What the names of responses' headers that hold secrets have in them, lower case.
    private static let secretMarks = [
        "api-key", "apikey", "auth", "cookie", "credential", "password", "secret", "session", "signature", "token",
    ]

    private let secrets: [[UInt8]]

    /// - Parameter secrets: known ones; those under four bytes are left out.
    public init(_ secrets: [String] = []) {
        // Longest first, so that a secret within another leaves no rest of it.
        self.secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= Self.shortestBytes }
            .sorted { $0.count > $1.count }
    }

    /// The bytes of the longest known secret.
    var longestBytes: Int { secrets.first?.count ?? 0 }

    /// The value of a request's header as it may be kept.
    public func request(_ name: String, _ value: String) -> String {
        Self.plainRequestNames.contains(name.lowercased()) ? scrub(value) : Self.replacement
    }

    /// The value of a response's header as it may be kept.
    public func response(_ name: String, _ value: String) -> String {
        let lower = name.lowercased()
        // What a server wants to be told says nothing that it was told.
        let isSecret = lower != "www-authenticate" && Self.secretMarks.contains { lower.contains($0) }
        return isSecret ? Self.replacement : scrub(value)
    }

    /// A text without the known secrets.
    public func scrub(_ text: String) -> String {
        secrets.isEmpty ? text : String(decoding: scrub(Array(text.utf8)), as: UTF8.self)
    }

    /// Bytes without the known secrets. One pass where none begins.
    public func scrub(_ bytes: [UInt8]) -> [UInt8] {
        let firsts = Set(secrets.map { $0[0] })
        guard !firsts.isEmpty, bytes.contains(where: { firsts.contains($0) }) else { return bytes }
        var scrubbed: [UInt8] = []
        scrubbed.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if firsts.contains(bytes[index]), let secret = secrets.first(where: { bytes[index...].starts(with: $0) }) {
                scrubbed.append(contentsOf: Self.replacement.utf8)
                index += secret.count
            } else {
                scrubbed.append(bytes[index])
                index += 1
            }
        }
        return scrubbed
    }
}
