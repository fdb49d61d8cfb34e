internal import Basics

/// The text of `filter=`, read with all its weaknesses: nothing can be escaped, any quotation mark opens and closes, and
/// brackets count also inside values.
indirect enum TwentyFilter {
    case and([TwentyFilter])
    case or([TwentyFilter])
    case not(TwentyFilter)
    case leaf(Leaf)

    struct Leaf {
        let path: String
        let comparator: String
        let value: String
        let kind: TwentyField.Kind

        /// The items of `[in]:[…]`, split at every comma.
        var items: [String] {
            var text = value
            if text.hasPrefix("[") { text.removeFirst() }
            if text.hasSuffix("]") { text.removeLast() }
            return text.split(separator: ",").map { TwentyFilter.unquoted($0.trimmed) }
        }
    }

    static let comparators: Set<String> = [
        "eq", "neq", "in", "containsAny", "is", "gt", "gte", "lt", "lte", "startsWith", "endsWith", "like", "ilike",
    ]

    /// - Throws: 400.
    init(_ text: String, _ object: TwentyObject) throws(TwentyError) {
        try Self.check(text)
        let parts = Self.split(text)
        let nodes = try Self.nodes(parts, object)
        self = nodes.count == 1 ? nodes[0] : .and(nodes)
    }

    private static func nodes(_ parts: [String], _ object: TwentyObject) throws(TwentyError) -> [TwentyFilter] {
        var nodes: [TwentyFilter] = []
        for part in parts { nodes.append(try node(part, object)) }
        guard !nodes.isEmpty else { throw .badRequest("'filter' invalid. It is empty") }
        return nodes
    }

    private static func node(_ text: String, _ object: TwentyObject) throws(TwentyError) -> TwentyFilter {
        for word in ["and", "or", "not"] where text.hasPrefix("\(word)(") && text.hasSuffix(")") {
            let inner = try nodes(split(String(text.dropFirst(word.count + 1).dropLast())), object)
            switch word {
            case "and": return .and(inner)
            case "or": return .or(inner)
            default:
                guard inner.count == 1 else {
                    throw .badRequest("'filter' invalid. 'not' conjunction should contain only 1 field")
                }
                return .not(inner[0])
            }
        }
        return .leaf(try leaf(text, object))
    }

    private static func leaf(_ text: String, _ object: TwentyObject) throws(TwentyError) -> Leaf {
        let invalid = TwentyError.badRequest("'filter' invalid for '\(text)'. eg: price[gte]:10")
        guard let open = text.firstIndex(of: "["), let end = text.firstRange(of: "]:"), open < end.lowerBound else {
            throw invalid
        }
        let path = String(text[..<open])
        let comparator = String(text[text.index(after: open)..<end.lowerBound])
        guard comparators.contains(comparator) else {
            throw .badRequest("'filter' invalid for '\(text)', comparator \(comparator) not in \(comparators.sorted())")
        }
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let field = object.field(names[0]) else {
            throw .badRequest("field '\(names[0])' does not exist in '\(object.singular)' object")
        }
        if let parts = field.kind.parts {
            guard names.count == 2, parts.contains(names[1]) else {
                throw .badRequest("field '\(path)' is not a subfield of a composite field")
            }
        } else if names.count != 1 {
            throw invalid
        }
        var raw = String(text[end.upperBound...])
        if comparator != "in" { raw = unquoted(raw) }
        let kind: TwentyField.Kind = field.kind.parts == nil ? field.kind : .text
        let leaf = Leaf(path: path, comparator: comparator, value: raw, kind: kind)
        try check(leaf)
        return leaf
    }

    /// What the database would choke on.
    private static func check(_ leaf: Leaf) throws(TwentyError) {
        if leaf.comparator == "is" {
            guard ["NULL", "NOT_NULL"].contains(leaf.value) else {
                throw .badRequest("'filter' invalid: \(leaf.path)[is] takes NULL or NOT_NULL")
            }
            return
        }
        for value in leaf.comparator == "in" ? leaf.items : [leaf.value] {
            let isGood =
                switch leaf.kind {
                case .uuid: PeerID.isAccepted(value)
                case .number, .position: Double(value) != nil
                case .dateTime: instant(value) != nil
                default: true
                }
            guard isGood else { throw .badRequest("Invalid value '\(value)' for field \"\(leaf.path)\"") }
        }
    }

    private static func check(_ text: String) throws(TwentyError) {
        for (open, close) in [("(", ")"), ("[", "]")] {
            let missing = text.count { String($0) == open } - text.count { String($0) == close }
            guard missing == 0 else {
                let what = missing > 0 ? "close" : "open"
                throw .badRequest("'filter' invalid. \(abs(missing)) \(what) bracket are missing in the query")
            }
        }
    }

    /// Splits at the commas that are outside of brackets and of what looks quoted.
    private static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var (depth, isQuoted) = (0, false)
        for character in text {
            if character == "," && depth == 0 && !isQuoted {
                parts.append(part)
                part = ""
                continue
            }
            switch character {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "\"", "'": isQuoted.toggle()
            default: break
            }
            part.append(character)
        }
        parts.append(part)
        return parts.map { $0[...].trimmed }.filter { !$0.isEmpty }
    }

    static func unquoted(_ text: String) -> String {
        var text = text
        if let first = text.first, first == "\"" || first == "'" { text.removeFirst() }
        if let last = text.last, last == "\"" || last == "'" { text.removeLast() }
        return text
    }

    /// Whether a leaf speaks of this field, which is how soft-deleted records come to be seen.
    func names(_ path: String) -> Bool {
        switch self {
        case .and(let nodes), .or(let nodes): nodes.contains { $0.names(path) }
        case .not(let node): node.names(path)
        case .leaf(let leaf): leaf.path == path
        }
    }

    /// The instant of a date or a date and time, in microseconds.
    static func instant(_ text: String) -> Int64? {
        Timestamp(iso8601: text.count == 10 ? text + "T00:00:00" : text)?.microseconds
    }
}

extension Substring {
    var trimmed: String {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
