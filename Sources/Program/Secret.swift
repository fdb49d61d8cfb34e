/// A text that must never be shown: a password, a key, a token, or a URL that holds one.
///
/// Printing, dumping, reflecting or encoding it gives a placeholder. The only way to the text is `reveal()`, which
/// makes every use easy to find.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable, Encodable {
    private let text: String

    /// Wraps `text`.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself. Do not log it, put it into an error, or keep it outside a `Secret`.
    public func reveal() -> String { text }

    /// A placeholder.
    public var description: String { Self.placeholder }

    /// A placeholder.
    public var debugDescription: String { Self.placeholder }

    /// A mirror without children, so that `dump` shows nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Encodes the placeholder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Self.placeholder)
    }

    private static let placeholder = "[secret]"
}
