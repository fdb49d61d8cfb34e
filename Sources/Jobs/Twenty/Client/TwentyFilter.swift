/// A filter of Twenty's REST API.
///
/// The grammar has no escapes: quotes toggle, brackets and parentheses are counted and lists are cut at commas wherever
/// they stand. A value that would be read as something else is refused here, so that no text from outside becomes a
/// condition.
public struct TwentyFilter: Sendable, Hashable, CustomStringConvertible {
    /// Why a value cannot stand in a filter. Never holds it.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong.
        public let description: String
    }

    /// How a field is compared with a value.
    public enum Comparator: String, Sendable, Hashable, CaseIterable {
        case eq, neq, gt, gte, lt, lte, startsWith, like, ilike
    }

    /// Most bytes of one value.
    public static let maximumValueBytes = 1_000
    /// Most values of a list.
    public static let maximumListCount = 200

    /// As it goes into the query, not yet percent-encoded.
    public let text: String

    private init(text: String) { self.text = text }

    /// The filter's text.
    public var description: String { text }

    /// `field[cmp]:"value"`
    ///
    /// - Parameter field: an API name, or `composite.part`.
    public static func compare(_ field: String, _ comparator: Comparator, _ value: String) throws(Fault) -> TwentyFilter
    {
        TwentyFilter(text: "\(try checked(field))[\(comparator.rawValue)]:\(try quoted(value, isInList: false))")
    }

    /// `field[in]:["a","b"]`
    public static func isIn(_ field: String, _ values: [String]) throws(Fault) -> TwentyFilter {
        guard 1...maximumListCount ~= values.count else {
            throw Fault(description: "a list in a filter has 1 to \(maximumListCount) values")
        }
        var items: [String] = []
        for value in values { items.append(try quoted(value, isInList: true)) }
        return TwentyFilter(text: "\(try checked(field))[in]:[\(items.joined(separator: ","))]")
    }

    /// `field[is]:NULL`, or `NOT_NULL`
    public static func isNull(_ field: String, _ isNull: Bool = true) throws(Fault) -> TwentyFilter {
        TwentyFilter(text: "\(try checked(field))[is]:\(isNull ? "NULL" : "NOT_NULL")")
    }

    /// All of them.
    public static func and(_ filters: [TwentyFilter]) -> TwentyFilter { joined("and", filters) }
    /// Any of them.
    public static func or(_ filters: [TwentyFilter]) -> TwentyFilter { joined("or", filters) }
    /// The opposite.
    public static func not(_ filter: TwentyFilter) -> TwentyFilter { TwentyFilter(text: "not(\(filter.text))") }

    /// Whether a value can stand in a filter, in a list or alone.
    public static func canHold(_ value: String, isInList: Bool = false) -> Bool {
        !value.isEmpty && value.utf8.count <= maximumValueBytes
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && !(isInList ? listMarks : marks).contains($0) }
            && value.first != " " && value.last != " "
    }

    private static func joined(_ word: String, _ filters: [TwentyFilter]) -> TwentyFilter {
        filters.count == 1
            ? filters[0] : TwentyFilter(text: "\(word)(\(filters.map(\.text).joined(separator: ",")))")
    }

    private static func quoted(_ value: String, isInList: Bool) throws(Fault) -> String {
        guard canHold(value, isInList: isInList) else {
            throw Fault(
                description: "the value is empty, too long, or holds a character that a filter cannot hold as itself")
        }
        return "\"\(value)\""
    }

    private static func checked(_ field: String) throws(Fault) -> String {
        let parts = field.split(separator: ".", omittingEmptySubsequences: false)
        let areNames = parts.allSatisfy { part in
            part.utf8.first.map { 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 } ?? false
                && part.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x5F }
        }
        guard 1...2 ~= parts.count, areNames, field.utf8.count <= 128 else {
            throw Fault(description: "a field's name has letters, digits and at most one dot")
        }
        return field
    }

    // The backslash escapes nothing in some versions and something in others.
    private static let marks: Set<UInt8> = Set("\"'`\\()[]{}".utf8)
    private static let listMarks: Set<UInt8> = marks.union(",".utf8)
}
