public import Basics
public import Jobs
import Queue

/// Which deliveries somebody means: `target`, `endpoint`, `state`, `domain_name`, `engagement_id`, `call_sid`, `event_type`,
/// `since`, `until`. By default all.
public struct DeliverySelection: Sendable {
    /// As the log takes it.
    public private(set) var filter = DeliveryFilter()

    /// The names that ``set(_:_:pointer:)`` knows.
    public static let names = DeliveryFilter.Field.allCases.map(\.rawValue) + ["since", "until"]

    /// All deliveries.
    public init() {}

    /// Narrows it by one condition.
    ///
    /// - Parameter pointer: where the value stands; by default `/` and the name.
    /// - Throws: invalid, with the pointer.
    public mutating func set(_ name: String, _ value: String, pointer: String? = nil) throws(InputError) {
        let pointer = pointer ?? FieldProblem.token(name)
        func problem(_ detail: String) -> InputError {
            InputError(problems: [.init(pointer: pointer, detail: detail)])
        }
        func time() throws(InputError) -> Int64 {
            guard let time = Timestamp(iso8601: value) else { throw problem("An ISO-8601 time is expected.") }
            return time.milliseconds
        }
        switch name {
        case "since": filter.sinceMilliseconds = try time()
        case "until": filter.untilMilliseconds = try time()
        default:
            guard let field = DeliveryFilter.Field(rawValue: name) else {
                throw problem("No such filter; there are \(Self.names.joined(separator: ", ")).")
            }
            guard field != .state || DeliveryState(rawValue: value) != nil else {
                let states = DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")
                throw problem("There is no such state; there are \(states).")
            }
            filter.fields[field] = value
        }
    }
}
