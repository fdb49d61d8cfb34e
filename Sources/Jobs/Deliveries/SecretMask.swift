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
    ].map { Array($0.utf8) }
    /// What a server wants to be told says nothing that it was told.
    private static let plainResponseName = Array("www-authenticate".utf8)

    private let secrets: [[UInt8]]
    private let firsts: ByteSet

    /// - Parameter secrets: known ones; those under four bytes are left out.
    public init(_ secrets: [String] = []) {
        // Longest first, so that a secret within another leaves no rest of it.
        self.secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= Self.shortestBytes }
            .sorted { $0.count > $1.count }
        firsts = ByteSet(self.secrets.map { $0[0] })
    }

    /// The bytes of the longest known secret.
    var longestBytes: Int { secrets.first?.count ?? 0 }

    /// The value of a request's header as it may be kept.
    public func request(_ name: String, _ value: String) -> String {
        Self.plainRequestNames.contains(name.lowercased()) ? scrub(value) : Self.replacement
    }

    /// The value of a response's header as it may be kept.
    public func response(_ name: String, _ value: String) -> String {
        Self.soundsSecret(name) ? Self.replacement : scrub(value)
    }

    /// On bytes: looking for text in text takes longer than everything else that is done with a response.
    private static func soundsSecret(_ name: String) -> Bool {
        let lower = name.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
        return lower != plainResponseName
            && secretMarks.contains { mark in
                lower.count >= mark.count
                    && (0...(lower.count - mark.count)).contains { start in
                        lower[start] == mark[0] && lower[start...].starts(with: mark)
                    }
            }
    }

    /// A text without the known secrets.
    public func scrub(_ text: String) -> String {
        guard !secrets.isEmpty, text.utf8.contains(where: { firsts.contains($0) }) else { return text }
        let bytes = Array(text.utf8)
        return firstSecret(in: bytes, from: 0) == nil ? text : String(decoding: scrub(bytes), as: UTF8.self)
    }

    /// Bytes without the known secrets. One pass where there are none.
    public func scrub(_ bytes: [UInt8]) -> [UInt8] {
        guard var found = firstSecret(in: bytes, from: 0) else { return bytes }
        var scrubbed: [UInt8] = []
        scrubbed.reserveCapacity(bytes.count)
        var index = 0
        while true {
            scrubbed.append(contentsOf: bytes[index..<found.index])
            scrubbed.append(contentsOf: Self.replacement.utf8)
            index = found.index + found.count
            guard let next = firstSecret(in: bytes, from: index) else { break }
            found = next
        }
        scrubbed.append(contentsOf: bytes[index...])
        return scrubbed
    }

    private func firstSecret(in bytes: [UInt8], from start: Int) -> (index: Int, count: Int)? {
        guard !secrets.isEmpty else { return nil }
        for index in start..<bytes.count where firsts.contains(bytes[index]) {
            if let secret = secrets.first(where: { bytes[index...].starts(with: $0) }) { return (index, secret.count) }
        }
        return nil
    }
}

/// A set of bytes in four words.
private struct ByteSet: Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(_ bytes: [UInt8]) {
        for byte in bytes {
            let bit = UInt64(1) << UInt64(byte & 63)
            switch byte >> 6 {
            case 0: words.0 |= bit
            case 1: words.1 |= bit
            case 2: words.2 |= bit
            default: words.3 |= bit
            }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(byte & 63) & 1 == 1
    }
}
