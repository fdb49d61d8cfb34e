/// One page of a list.
public struct Page<Item: Encodable & Sendable>: Encodable, Sendable {
    /// In their order.
    public let items: [Item]
    /// What to pass as `cursor` for the next page; null after the last.
    public let nextCursor: String?

    private enum CodingKeys: String, CodingKey {
        case items
        case nextCursor = "next_cursor"
    }

    /// A page, by default the only one.
    public init(items: [Item], nextCursor: String? = nil) {
        self.items = items
        self.nextCursor = nextCursor
    }

    /// With null for an absent cursor.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encode(nextCursor, forKey: .nextCursor)
    }
}
