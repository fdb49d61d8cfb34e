/// Which events an endpoint wants: `object.action`, `object.*`, `*.action` or `*.*`.
public struct EventPattern: Sendable, Hashable, CustomStringConvertible {
    /// As written.
    public let text: String
    /// The pattern.
    public var description: String { text }

    /// Nil for another form, and for one that no event can match: such would be a subscription to nothing by a slip of
    /// the pen.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        let isPossible =
            switch (parts[0], parts[1]) {
            case ("*", "*"): true
            case ("*", let action): EventType.actions.contains(action)
            case (let object, "*"): EventType.isObjectName(object)
            default: EventType(text) != nil
            }
        guard isPossible else { return nil }
        self.text = text
    }

    /// The patterns that match an event of this type; there are no others.
    static func all(matching type: String) -> [String] {
        let parts = type.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return [] }
        return [type, "\(parts[0]).*", "*.\(parts[1])", "*.*"]
    }
}
