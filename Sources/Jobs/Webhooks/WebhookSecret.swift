/// A shared secret that is sent in, or expected from, a header. It never shows in descriptions, mirrors or errors.
public struct WebhookSecret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// Most bytes of a secret.
    public static let maximumBytes = 1_024

    /// The secret itself, for a header and nothing else.
    public let revealed: String

    /// Nil when the text is empty, longer than `maximumBytes`, or cannot stand in a header (anything but printable
    /// ASCII, or white space at an end).
    public init?(_ text: String) {
        guard 1...Self.maximumBytes ~= text.utf8.count else { return nil }
        guard text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }), text.first != " ", text.last != " " else { return nil }
        revealed = text
    }

    /// Compares with what a request sent, in a time that depends on the lengths only.
    public func matches(_ candidate: String) -> Bool {
        let expected = Array(revealed.utf8)
        let given = Array(candidate.utf8)
        var difference = UInt8(expected.count == given.count ? 0 : 1)
        for index in given.indices { difference |= given[index] ^ expected[index % expected.count] }
        return difference == 0
    }

    /// Hides the secret.
    public var description: String { "<secret>" }
    /// Hides the secret.
    public var debugDescription: String { "<secret>" }
    /// Hides the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
