/// The name of a domain, and of a demo's workspace: 3 to 30 of `a-z`, `0-9` and `-`.
public enum DomainSlug {
    /// For people.
    public static let rule = "[a-z0-9-]{3,30}"

    /// Whether a text is one.
    public static func isValid(_ text: String) -> Bool {
        (3...30).contains(text.utf8.count)
            && text.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "-") }
    }
}
