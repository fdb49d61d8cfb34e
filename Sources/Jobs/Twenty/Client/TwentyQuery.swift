/// What of one object is asked for.
public struct TwentyQuery: Sendable, Hashable {
    /// Which way a field is ordered; what has none comes last.
    public enum Direction: String, Sendable, Hashable {
        case ascending = "AscNullsLast"
        case descending = "DescNullsLast"
    }

    /// Most records of a page that every version gives.
    public static let maximumLimit = 60

    /// nil: all that are not in the trash. One that speaks of `deletedAt` reaches into it.
    public var filter: TwentyFilter?
    /// By this field first; no composite one.
    public var order: (field: String, direction: Direction)?
    /// 1 to ``maximumLimit``.
    public var limit: Int
    /// The cursor of the page before; nil for the first page.
    public var after: String?

    /// A query.
    public init(
        filter: TwentyFilter? = nil, order: (field: String, direction: Direction)? = nil,
        limit: Int = TwentyQuery.maximumLimit, after: String? = nil
    ) {
        (self.filter, self.order, self.after) = (filter, order, after)
        self.limit = min(max(limit, 1), Self.maximumLimit)
    }

    /// Each is sent, whatever the server's own choice would be, which differs between versions.
    var parameters: [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        if let filter { parameters.append(("filter", filter.text)) }
        if let order { parameters.append(("order_by", "\(order.field)[\(order.direction.rawValue)]")) }
        parameters.append(("limit", "\(limit)"))
        if let after { parameters.append(("starting_after", after)) }
        parameters.append(("depth", "0"))
        return parameters
    }

    public static func == (left: TwentyQuery, right: TwentyQuery) -> Bool {
        left.parameters.elementsEqual(right.parameters) { $0 == $1 }
    }

    public func hash(into hasher: inout Hasher) {
        for parameter in parameters { hasher.combine(parameter.value) }
    }
}

/// One page of records.
public struct TwentyPage: Sendable, Hashable {
    /// In the order asked for.
    public let records: [TwentyRecord]
    /// Where the next page begins; nil when this is the last one.
    public let nextCursor: String?
    /// Of all pages; nil where Twenty does not say.
    public let totalCount: Int64?
}
