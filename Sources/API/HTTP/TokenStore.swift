internal import Crypto
public import Program

/// The tokens that are accepted. Keeps only their SHA-256 digests.
public struct TokenStore: Sendable {
    private struct Entry: Sendable {
        let digest: [UInt8]
        let identity: Identity
    }

    private let entries: [Entry]

    /// - Throws: exit 78 when two items have the same name or the same token.
    public init(_ tokens: [AccessToken]) throws(ProgramError) {
        var entries: [Entry] = []
        for token in tokens {
            let digest = Self.digest(token.token.reveal())
            for entry in entries {
                guard entry.identity.name != token.name else {
                    throw ProgramError(.configuration, "API_TOKENS: expected the name \(token.name) only once")
                }
                guard entry.digest != digest else {
                    let names = "\(entry.identity.name) and \(token.name)"
                    throw ProgramError(.configuration, "API_TOKENS: expected different tokens for \(names)")
                }
            }
            entries.append(Entry(digest: digest, identity: Identity(name: token.name, scopes: token.scopes)))
        }
        self.entries = entries
    }

    /// Reads `API_TOKENS` and the file that `API_TOKENS_FILE` names; the items of both count.
    ///
    /// - Throws: exit 78 for a bad item, a repeated name or token, or a file that cannot be read.
    public init(_ settings: Settings) throws(ProgramError) {
        var tokens: [AccessToken] = []
        if let text = settings.secret("API_TOKENS") {
            tokens += try AccessToken.parse(text.reveal(), source: "API_TOKENS")
        }
        if let path = settings.optionalString("API_TOKENS_FILE") {
            let text = try TextFile.read(path, variable: "API_TOKENS_FILE")
            tokens += try AccessToken.parse(text, source: "API_TOKENS_FILE")
        }
        try self.init(tokens)
    }

    /// How many tokens there are. With none, nobody is let in where a scope is needed.
    public var count: Int { entries.count }

    /// Whose token this is, or nil. Takes the same time whether, and where, it is found: every digest is compared in
    /// full. About a microsecond plus 100 ns a token.
    public func identity(ofToken token: String) -> Identity? {
        let digest = Self.digest(token)
        var found = -1
        for (index, entry) in entries.enumerated() {
            let mask = ConstantTime.mask(entry.digest, digest)
            found = (found & ~mask) | (index & mask)
        }
        return found < 0 ? nil : entries[found].identity
    }

    private static func digest(_ token: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(token.utf8)))
    }
}
