public import Basics

/// A JSON value as part of a resource.
public struct EncodableJSON: Encodable, Sendable {
    private let value: JSONValue

    /// Wraps a value.
    public init(_ value: JSONValue) { self.value = value }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Numbers that are whole as integers, others as doubles.
    public func encode(to encoder: any Encoder) throws {
        switch value {
        case .array(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(EncodableJSON(item)) }
        case .object(let object):
            var container = encoder.container(keyedBy: Key.self)
            for member in object.members {
                try container.encode(EncodableJSON(member.value), forKey: Key(stringValue: member.key))
            }
        default:
            var container = encoder.singleValueContainer()
            switch value {
            case .bool(let flag): try container.encode(flag)
            case .string(let text): try container.encode(text)
            case .number(let text):
                if let number = Int64(text) {
                    try container.encode(number)
                } else {
                    try container.encode(Double(text) ?? 0)
                }
            case .null, .array, .object: try container.encodeNil()
            }
        }
    }
}
