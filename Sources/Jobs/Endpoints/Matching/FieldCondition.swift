public import Basics

/// One field that has to have one of some values.
public struct FieldCondition: Sendable, Hashable {
    /// Most parts of a path.
    public static let maximumParts = 10
    /// Most bytes of a path.
    public static let maximumPathBytes = 200
    /// Most values that one condition names.
    public static let maximumValues = 100

    /// Keys with dots between: in the record, or behind `event.` in the event as posted.
    public let path: String
    /// As written: a scalar, or an array of scalars of which one has to be there.
    public let value: JSONValue

    private let parts: [String]
    private let startsAtEvent: Bool

    /// Nil when the path or the value is of another form.
    public init?(path: String, value: JSONValue) {
        var parts = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.utf8.count <= Self.maximumPathBytes, parts.count <= Self.maximumParts,
            parts.allSatisfy({ !$0.isEmpty })
        else { return nil }
        startsAtEvent = parts.count > 1 && parts[0] == "event"
        if startsAtEvent { parts.removeFirst() }
        switch value {
        case .object: return nil
        case .array(let items):
            guard 1...Self.maximumValues ~= items.count, items.allSatisfy({ $0.array == nil && $0.object == nil })
            else { return nil }
        default: break
        }
        self.path = path
        self.value = value
        self.parts = parts
    }

    /// Whether the field has one of the values. A field that is not there is as good as null; one that is an array has
    /// a value when one of its elements does. Numbers are compared as numbers.
    func holds(record: JSONObject, event: JSONObject) -> Bool {
        let found = field(in: startsAtEvent ? event : record)
        let wanted = value.array ?? [value]
        let given = found.array ?? [found]
        return given.contains { one in wanted.contains { Self.isSame(one, $0) } }
    }

    private func field(in object: JSONObject) -> JSONValue {
        var value = JSONValue.object(object)
        for part in parts {
            guard let next = value.object?[part] else { return .null }
            value = next
        }
        return value
    }

    private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        guard case .number(let first) = left, case .number(let second) = right else { return left == right }
        return first == second || Double(first) == Double(second)
    }
}
