/// Why a name has no addresses.
public struct LookupFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// In the C library's words.
    public let description: String
    /// Whether the name may well have addresses: nobody answered in time.
    public let isRetriable: Bool

    /// For look-ups of another kind.
    public init(description: String, isRetriable: Bool) {
        self.description = description
        self.isRetriable = isRetriable
    }
}
