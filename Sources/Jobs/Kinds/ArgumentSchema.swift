public import Basics

/// What the arguments of a kind look like: the part of JSON Schema that jobs need. The same value shows itself and checks
/// arguments, so what is shown is what is checked.
///
/// As everywhere in this system, a member that is `null` counts as absent.
public indirect enum ArgumentSchema: Sendable, Hashable {
    /// Any value.
    case anything
    /// `true` or `false`
    case boolean
    /// A whole number.
    case integer(ClosedRange<Int64>)
    /// Text of at most so many bytes of UTF-8.
    case text(maximumBytes: Int)
    /// An id or a name: 1 to 255 characters.
    case name
    /// One of these words.
    case choice([String])
    /// An ISO-8601 time.
    case time
    /// Items of one form.
    case list(ArgumentSchema, maximumCount: Int)
    /// An object.
    case object([Member], allowsOthers: Bool)

    /// A member of an object.
    public struct Member: Sendable, Hashable {
        let key: String
        let schema: ArgumentSchema
        let isRequired: Bool
        let about: String

        /// A member that must be there and is not null.
        public static func required(_ key: String, _ schema: ArgumentSchema, _ about: String = "") -> Member {
            Member(key: key, schema: schema, isRequired: true, about: about)
        }

        /// A member that may be absent or null.
        public static func optional(_ key: String, _ schema: ArgumentSchema, _ about: String = "") -> Member {
            Member(key: key, schema: schema, isRequired: false, about: about)
        }
    }

    /// Everything that is wrong with a value that stands at `pointer`.
    public func problems(of value: JSONValue, at pointer: String) -> [FieldProblem] {
        switch (self, value) {
        case (.anything, _), (.boolean, .bool): return []
        case (.integer(let range), _):
            if let number = value.integer, range.contains(number) { return [] }
            return [.init(pointer: pointer, detail: expectation)]
        case (.text(let maximum), .string(let text)):
            return text.utf8.count <= maximum ? [] : [.init(pointer: pointer, detail: expectation)]
        case (.name, .string(let text)):
            return (1...255).contains(text.unicodeScalars.count) ? [] : [.init(pointer: pointer, detail: expectation)]
        case (.choice(let words), .string(let text)) where words.contains(text): return []
        case (.time, .string(let text)) where Timestamp(iso8601: text) != nil: return []
        case (.list(let item, let maximum), .array(let items)):
            guard items.count <= maximum else { return [.init(pointer: pointer, detail: expectation)] }
            return items.enumerated().flatMap { item.problems(of: $0.element, at: "\(pointer)/\($0.offset)") }
        case (.object(let members, let allowsOthers), .object(let object)):
            return Self.problems(of: object, members, allowsOthers, at: pointer)
        case (.choice, .string), (.time, .string): return [.init(pointer: pointer, detail: expectation)]
        default: return [.init(pointer: pointer, detail: "\(expectation) This is \(value.kindName).")]
        }
    }

    private static func problems(
        of object: JSONObject, _ members: [Member], _ allowsOthers: Bool, at pointer: String
    ) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        for member in members {
            let place = pointer + FieldProblem.token(member.key)
            if let value = object[member.key], !value.isNull {
                problems += member.schema.problems(of: value, at: place)
            } else if member.isRequired {
                problems.append(.init(pointer: place, detail: "This field is required."))
            }
        }
        guard !allowsOthers else { return problems }
        let known = Set(members.map(\.key))
        let names = members.map(\.key).joined(separator: ", ")
        for member in object.members where !known.contains(member.key) {
            let detail = members.isEmpty ? "No field is expected here." : "No such field is known; there are \(names)."
            problems.append(.init(pointer: pointer + FieldProblem.token(member.key), detail: detail))
        }
        return problems
    }

    private var expectation: String {
        switch self {
        case .anything: "Any value is expected."
        case .boolean: "true or false is expected."
        case .integer(let range): "A whole number from \(range.lowerBound) to \(range.upperBound) is expected."
        case .text(let maximum): "Text of at most \(maximum) bytes is expected."
        case .name: "Text of 1 to 255 characters is expected."
        case .choice(let words): "One of \(words.joined(separator: ", ")) is expected."
        case .time: "An ISO-8601 time is expected, like 2026-01-31T12:00:00.000Z."
        case .list(_, let maximum): "An array of at most \(maximum) items is expected."
        case .object: "An object is expected."
        }
    }
}
