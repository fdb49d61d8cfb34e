public import Basics

/// The events of one request: an object or an array of them, all good or none taken.
public struct EventBatch: Sendable {
    /// The events in their order, at least one.
    public let events: [Event]
    /// Whether the body was an array. An array's pointers begin with the event's index, an object's do not.
    public let isArray: Bool

    /// Decodes a request's body. Too many events, or none, are a bad value (422), as is every problem of every event,
    /// collected up to `InputError.maximumProblems`; bytes that are not JSON are malformed (400).
    /// `maximumBytes` bounds the body once more behind the server's own limit.
    public static func decode(
        _ bytes: [UInt8],
        maximumEvents: Int = 1_000,
        maximumBytes: Int = 1_048_576,
    ) throws(InputError) -> EventBatch {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: maximumBytes))
        } catch {
            throw InputError(error)
        }
        switch value {
        case .object: return EventBatch(events: [try Event(value)], isArray: false)
        case .array(let items): return EventBatch(events: try decode(items, maximumEvents), isArray: true)
        default:
            let detail = "An event or an array of events is expected, not \(value.kindName)."
            throw InputError(problems: [FieldProblem(pointer: "", detail: detail)])
        }
    }

    private static func decode(_ items: [JSONValue], _ maximumEvents: Int) throws(InputError) -> [Event] {
        guard !items.isEmpty else {
            throw InputError(problems: [FieldProblem(pointer: "", detail: "The array of events is empty.")])
        }
        guard items.count <= maximumEvents else {
            let detail = "At most \(maximumEvents) events are taken in one request; this has \(items.count)."
            throw InputError(problems: [FieldProblem(pointer: "", detail: detail)])
        }
        var events: [Event] = []
        events.reserveCapacity(items.count)
        var problems: [FieldProblem] = []
        for (index, item) in items.enumerated() {
            do {
                events.append(try Event(item, pointer: "/\(index)"))
            } catch {
                problems += error.problems
                guard problems.count < InputError.maximumProblems else { break }
            }
        }
        guard problems.isEmpty else { throw InputError(problems: problems) }
        return events
    }
}
