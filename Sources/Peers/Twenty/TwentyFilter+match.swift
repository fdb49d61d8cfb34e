internal import Basics

extension TwentyFilter {
    /// Whether a record is wanted.
    func matches(_ record: JSONObject) -> Bool {
        switch self {
        case .and(let nodes): nodes.allSatisfy { $0.matches(record) }
        case .or(let nodes): nodes.contains { $0.matches(record) }
        case .not(let node): !node.matches(record)
        case .leaf(let leaf): leaf.matches(record)
        }
    }

    /// The values of a path that alone can match, when the filter says so: what an index is good for.
    func values(of path: String) -> [String]? {
        switch self {
        case .and(let nodes): nodes.compactMap { $0.values(of: path) }.first
        case .leaf(let leaf) where leaf.path == path && leaf.comparator == "eq": [leaf.value]
        case .leaf(let leaf) where leaf.path == path && leaf.comparator == "in": leaf.items
        default: nil
        }
    }
}

extension TwentyFilter.Leaf {
    func matches(_ record: JSONObject) -> Bool {
        let value = record.value(at: path) ?? .null
        if comparator == "is" { return value.isNull == (self.value == "NULL") }
        if comparator == "in" { return items.contains { order(value, $0) == 0 } }
        switch comparator {
        case "eq": return order(value, self.value) == 0
        case "neq": return !value.isNull && order(value, self.value) != 0
        case "gt": return order(value, self.value).map { $0 > 0 } ?? false
        case "gte": return order(value, self.value).map { $0 >= 0 } ?? false
        case "lt": return order(value, self.value).map { $0 < 0 } ?? false
        case "lte": return order(value, self.value).map { $0 <= 0 } ?? false
        case "startsWith": return text(value)?.hasPrefix(self.value) ?? false
        case "endsWith": return text(value)?.hasSuffix(self.value) ?? false
        case "like": return text(value).map { Self.like(Array($0), Array(self.value)) } ?? false
        case "ilike":
            return text(value).map { Self.like(Array($0.lowercased()), Array(self.value.lowercased())) } ?? false
        default: return value.strings.contains { items.contains($0) }
        }
    }

    /// Below 0, 0 or above 0; nil for nothing to compare.
    private func order(_ value: JSONValue, _ wanted: String) -> Int? {
        guard let text = text(value) else { return nil }
        switch kind {
        case .number, .position: return compare(Double(text), Double(wanted))
        case .dateTime: return compare(TwentyFilter.instant(text), TwentyFilter.instant(wanted))
        case .uuid: return compare(text.lowercased(), wanted.lowercased())
        default: return compare(text, wanted)
        }
    }

    private func compare<Value: Comparable>(_ left: Value?, _ right: Value?) -> Int? {
        guard let left, let right else { return nil }
        return left < right ? -1 : left == right ? 0 : 1
    }

    private func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text), .number(let text): text
        case .bool(let flag): "\(flag)"
        default: nil
        }
    }

    /// SQL's pattern: `%` for any text, `_` for one character.
    private static func like(_ text: [Character], _ pattern: [Character]) -> Bool {
        var reachable: Set<Int> = [0]
        for wanted in pattern {
            var next: Set<Int> = []
            for place in reachable {
                if wanted == "%" {
                    next.formUnion(place...text.count)
                } else if place < text.count, wanted == "_" || text[place] == wanted {
                    next.insert(place + 1)
                }
            }
            reachable = next
        }
        return reachable.contains(text.count)
    }
}
