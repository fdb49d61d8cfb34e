/// A JSON document as it was written: key order and the text of numbers are kept.
///
/// Equality compares numbers by text (`1` and `1.0` differ) and objects in order. Strings compare as Swift strings do.
public enum JSONValue: Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number, as its text.
    case number(String)
    /// A string, unescaped.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object, in its order.
    case object(JSONObject)

    /// The string, when this is one.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The object, when this is one.
    public var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The array, when this is one.
    public var array: [JSONValue]? {
        if case .array(let items) = self { items } else { nil }
    }

    /// The integer, when this is a number written as one that fits.
    public var integer: Int64? {
        if case .number(let text) = self { Int64(text) } else { nil }
    }

    /// True for `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The document as bytes, keys in their order. Cost: one pass.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.value(self)
        return writer.bytes
    }

    /// The document as bytes with keys sorted by their UTF-8 bytes at every level and no white space: two documents
    /// that differ only in key order, white space or string escapes give the same bytes.
    public func canonical() -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.sortedValue(self)
        return writer.bytes
    }

    /// What it is, for messages: `a string`, `an object`.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// An object's members in their order. Keys are unique when it came from the parser.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One key and its value.
    public struct Member: Sendable, Hashable {
        /// The key, unescaped.
        public var key: String
        /// Its value.
        public var value: JSONValue

        /// A member.
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The members in order.
    public var members: [Member]

    /// An object of members; the caller keeps keys unique.
    public init(members: [Member] = []) {
        self.members = members
    }

    /// An object of members in the order written.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = elements.map { Member(key: $0.0, value: $0.1) }
    }

    /// The value of a key, nil when absent. Cost: grows with the number of members.
    public subscript(key: String) -> JSONValue? {
        for member in members where member.key == key { return member.value }
        return nil
    }
}
