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
        var wanted = conditions("deliveries_list_")
        if let cursor { wanted.add("n", .text(cursor)) { "id < $\($0)" } }
        let rows = wanted.parameter(.integer(Int64(count)))
        let sql = """
            SELECT \(RecordedDelivery.columns) FROM jobs.deliveries\(wanted.sql) ORDER BY id DESC LIMIT $\(rows)
            """
        return (PostgresStatement(wanted.name, sql), wanted.values)
    }

    /// The conditions of a statement whose name begins so.
    func conditions(_ name: String) -> Conditions {
        var wanted = Conditions(name: name)
        for field in Field.allCases {
            guard let value = fields[field] else { continue }
            wanted.add(field.letter, .text(value)) { "\(field.column) = $\($0)" }
        }
        if let sinceMilliseconds {
            wanted.add("a", .instant(milliseconds: sinceMilliseconds)) { "id >= jobs.job_id_floor($\($0))" }
        }
        if let untilMilliseconds {
            wanted.add("b", .instant(milliseconds: untilMilliseconds)) { "id < jobs.job_id_floor($\($0))" }
        }
        return wanted
    }

    /// The conditions of a statement, its parameters, and the name that it has by them.
    struct Conditions {
        var name: String
        private(set) var values: [PostgresValue] = []
        private var texts: [String] = []

        init(name: String) { self.name = name }

        /// ` WHERE …`, or nothing.
        var sql: String { texts.isEmpty ? "" : " WHERE " + texts.joined(separator: " AND ") }

        /// - Parameters:
        ///   - letter: for the statement's name.
        ///   - condition: by the number of its parameter.
        mutating func add(_ letter: String, _ value: PostgresValue, _ condition: (Int) -> String) {
            name += letter
            texts.append(condition(parameter(value)))
        }

        /// A condition that every statement of this name has.
        mutating func add(_ condition: String) { texts.append(condition) }

        /// A parameter that every statement of this name has; its number.
        mutating func parameter(_ value: PostgresValue) -> Int {
            values.append(value)
            return values.count
        }
    }
}
