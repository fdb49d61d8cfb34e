import Postgres

/// Which deliveries of the log are meant. By default all.
public struct DeliveryFilter: Sendable, Hashable {
    /// A column that is asked for by its value.
    public enum Field: String, Sendable, Hashable, CaseIterable {
        case target, endpoint, state
        case domainName = "domain_name"
        case engagementID = "engagement_id"
        case callSID = "call_sid"
        case eventType = "event_type"

        fileprivate var column: String { self == .endpoint ? "endpoint_id" : rawValue }
        /// One letter, for statements' names.
        fileprivate var letter: String {
            switch self {
            case .target: "t"
            case .endpoint: "p"
            case .state: "s"
            case .domainName: "d"
            case .engagementID: "e"
            case .callSID: "c"
            case .eventType: "y"
            }
        }
    }

    /// Values that must be so.
    public var fields: [Field: String] = [:]
    /// Only those asked for at this time or later, Unix ms.
    public var sinceMilliseconds: Int64?
    /// Only those asked for before this time, Unix ms.
    public var untilMilliseconds: Int64?

    /// All deliveries.
    public init() {}

    /// The statement for one page, the newest first, and its parameters. Each set of conditions has a statement of its own:
    /// one for all of them would be planned for none.
    func statement(below cursor: String?, count: Int) -> (PostgresStatement, [PostgresValue]) {
        var (name, conditions, values) = ("deliveries_list_", [String](), [PostgresValue]())
        func add(_ letter: String, _ condition: (Int) -> String, _ value: PostgresValue) {
            values.append(value)
            name += letter
            conditions.append(condition(values.count))
        }
        for field in Field.allCases {
            guard let value = fields[field] else { continue }
            add(field.letter, { "\(field.column) = $\($0)" }, .text(value))
        }
        if let sinceMilliseconds {
            add("a", { "id >= jobs.job_id_floor($\($0))" }, .instant(milliseconds: sinceMilliseconds))
        }
        if let untilMilliseconds {
            add("b", { "id < jobs.job_id_floor($\($0))" }, .instant(milliseconds: untilMilliseconds))
        }
        if let cursor { add("n", { "id < $\($0)" }, .text(cursor)) }
        values.append(.integer(Int64(count)))
        let wanted = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let sql = """
            SELECT \(RecordedDelivery.columns) FROM jobs.deliveries\(wanted) ORDER BY id DESC LIMIT $\(values.count)
            """
        return (PostgresStatement(name, sql), values)
    }
}
