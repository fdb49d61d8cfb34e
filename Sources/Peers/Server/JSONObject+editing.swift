package import Basics

extension JSONObject {
    /// Puts a value in place of the key's own, or at the end.
    mutating func set(_ key: String, _ value: JSONValue) {
        if let index = members.firstIndex(where: { $0.key == key }) {
            members[index].value = value
        } else {
            members.append(Member(key: key, value: value))
        }
    }

    /// Takes all members of another object over.
    mutating func merge(_ other: JSONObject) {
        for member in other.members { set(member.key, member.value) }
    }

    /// The value at a path such as `emails.primaryEmail`.
    func value(at path: String) -> JSONValue? {
        var value = JSONValue.object(self)
        for part in path.split(separator: ".") {
            guard let next = value.object?[String(part)] else { return nil }
            value = next
        }
        return value
    }

    /// The string of a key.
    func text(_ key: String) -> String? { self[key]?.string }
}

extension JSONValue {
    /// A number.
    static func count(_ number: some BinaryInteger) -> JSONValue { .number("\(number)") }

    /// A string, or null.
    static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    /// A list of strings.
    static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    /// The items that are objects, of an array.
    package var objects: [JSONObject] { (array ?? []).compactMap(\.object) }

    /// The items that are strings, of an array.
    package var strings: [String] { (array ?? []).compactMap(\.string) }
}
