internal import Basics

/// `limit`, cursors, `order_by`, `filter`, `fields` and `depth` of a list, as Twenty reads them.
struct TwentyQuery {
    let filter: TwentyFilter?
    private let limit: Int
    private let order: [(path: String, isDescending: Bool, nullsFirst: Bool)]
    private let after: [JSONValue]?
    private let before: [JSONValue]?
    private let fields: Set<String>?
    /// What tells that `fields` was cut.
    let headers: [(name: String, value: String)]

    private static let longestPage = 200
    private static let usualPage = 60

    init(_ request: PeerRequest, _ object: TwentyObject) throws(TwentyError) {
        filter = try Self.filter(request, object)
        limit = try Self.limit(request)
        order = try Self.order(request, object)
        after = try Self.cursor(request, "starting_after", order.count)
        before = try Self.cursor(request, "ending_before", order.count)
        if let depth = request.parameter("depth"), !["0", "1"].contains(depth) {
            throw .badRequest("'depth=\(depth)' parameter invalid. Allowed values are 0, 1")
        }
        (fields, headers) = try Self.fields(request, object)
    }

    static func filter(_ request: PeerRequest, _ object: TwentyObject) throws(TwentyError) -> TwentyFilter? {
        guard let text = request.parameter("filter"), !text.isEmpty else { return nil }
        return try TwentyFilter(text, object)
    }

    private static func limit(_ request: PeerRequest) throws(TwentyError) -> Int {
        guard let text = request.parameter("limit") else { return usualPage }
        guard let number = Int(text), number >= 0 else {
            throw .badRequest("limit '\(text)' is invalid. Should be a non-negative integer.")
        }
        return min(number, longestPage)
    }

    private static func order(
        _ request: PeerRequest, _ object: TwentyObject
    ) throws(TwentyError) -> [(path: String, isDescending: Bool, nullsFirst: Bool)] {
        var order: [(path: String, isDescending: Bool, nullsFirst: Bool)] = []
        for item in (request.parameter("order_by") ?? "").split(separator: ",") {
            let parts = item.split(separator: "[", maxSplits: 1)
            let direction = parts.count > 1 ? parts[1].filter { $0 != "]" } : "AscNullsFirst"
            guard ["AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast"].contains(direction) else {
                throw .badRequest("'order_by' direction '\(direction)' invalid")
            }
            let name = String(parts[0])
            guard let field = object.field(name), field.kind.parts == nil else {
                throw .badRequest("field '\(name)' cannot be sorted by in '\(object.singular)' object")
            }
            order.append((name, direction.hasPrefix("Desc"), direction.hasSuffix("First")))
        }
        return order
    }

    private static func cursor(
        _ request: PeerRequest, _ name: String, _ count: Int
    ) throws(TwentyError) -> [JSONValue]? {
        guard let text = request.parameter(name) else { return nil }
        do {
            if let bytes = Base64.decode(text), let values = try JSONParser.parse(bytes).array,
                values.count == count + 1
            {
                return values
            }
        } catch {
            throw .badRequest("Invalid cursor")
        }
        throw .badRequest("Invalid cursor")
    }

    private static func fields(
        _ request: PeerRequest, _ object: TwentyObject
    ) throws(TwentyError) -> (Set<String>?, [(name: String, value: String)]) {
        guard let text = request.parameter("fields") else { return (nil, []) }
        let names = text.split(separator: ",").map(String.init)
        for name in names where object.field(String(name.split(separator: ".").first ?? "")) == nil {
            throw .badRequest("field '\(name)' does not exist in '\(object.singular)' object")
        }
        let top = names.prefix(200).map { String($0.split(separator: ".")[0]) }
        let isCut = names.count > 200
        return (
            Set(top + ["id"]),
            isCut ? [("X-Twenty-Fields-Capped", "true"), ("X-Twenty-Fields-Max", "200")] : []
        )
    }

    /// One page of a store.
    func page(_ store: RecordStore) -> JSONObject {
        // The place is the last key: it is the order of making, and no two share one.
        let all = store.places(filter).compactMap { place in
            store[place].map { (keys: keys($0, place), record: $0) }
        }
        let sorted = order.isEmpty ? all : all.sorted { precedes($0.keys, $1.keys) }
        var rest = sorted[...]
        if let after { rest = rest.drop { !precedes(after, $0.keys) } }
        if let before { rest = rest.prefix { precedes($0.keys, before) } }
        let page = before == nil ? rest.prefix(limit) : rest.suffix(limit)
        let info: JSONObject = [
            "hasNextPage": .bool(page.endIndex < sorted.endIndex),
            "hasPreviousPage": .bool(page.startIndex > sorted.startIndex),
            "startCursor": .text(page.first.map { Self.text($0.keys) }),
            "endCursor": .text(page.last.map { Self.text($0.keys) }),
        ]
        let records = page.map { JSONValue.object(show($0.record)) }
        return [
            "data": .object([store.object.plural: .array(records)]), "totalCount": .count(sorted.count),
            "pageInfo": .object(info),
        ]
    }

    /// The record with the fields that were asked for.
    func show(_ record: JSONObject) -> JSONObject {
        guard let fields else { return record }
        return JSONObject(members: record.members.filter { fields.contains($0.key) })
    }

    private func keys(_ record: JSONObject, _ place: Int) -> [JSONValue] {
        order.map { record[$0.path] ?? .null } + [.count(place)]
    }

    private func precedes(_ left: [JSONValue], _ right: [JSONValue]) -> Bool {
        for (index, field) in order.enumerated() {
            let (one, other) = (left[index], right[index])
            if one == other { continue }
            if one.isNull || other.isNull { return one.isNull == field.nullsFirst }
            return Self.isLess(one, other) != field.isDescending
        }
        return Self.isLess(left[order.count], right[order.count])
    }

    private static func isLess(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if case .number(let one) = left, case .number(let other) = right {
            return Double(one) ?? 0 < Double(other) ?? 0
        }
        return left.string ?? "" < right.string ?? ""
    }

    private static func text(_ keys: [JSONValue]) -> String { Base64.encode(JSONValue.array(keys).encoded()) }
}
