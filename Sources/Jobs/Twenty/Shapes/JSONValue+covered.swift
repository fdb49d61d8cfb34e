import Basics

extension JSONValue {
    /// Whether what Twenty answered says the same as this value that is to be written: of an object each of these members,
    /// whatever else it has; numbers by value, and times whatever their fraction and zone. Null and absent are one, and
    /// so is an empty text, which Twenty keeps as null in some fields.
    func isCovered(by other: JSONValue?) -> Bool {
        switch (self, other ?? .null) {
        case (.null, .null): return true
        case (.string(let text), .null), (.null, .string(let text)): return text.isEmpty
        case (.number(let left), .number(let right)):
            guard let left = Double(left), let right = Double(right) else { return left == right }
            return left == right
        case (.string(let left), .string(let right)):
            if left == right { return true }
            guard let left = Timestamp(iso8601: left), let right = Timestamp(iso8601: right) else { return false }
            return left.milliseconds == right.milliseconds
        case (.object(let wanted), .object(let there)):
            return wanted.members.allSatisfy { $0.value.isCovered(by: there[$0.key]) }
        case (.object(let wanted), .null): return wanted.members.allSatisfy { $0.value.isCovered(by: nil) }
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isCovered(by: $1) }
        case (.array(let items), .null): return items.isEmpty
        case (.bool(let left), .bool(let right)): return left == right
        default: return false
        }
    }
}
