public import Basics
public import Jobs
public import Queue

/// Which buried jobs somebody means: `queue`, `kind`, `target`, `since`, `until`, `id`. By default all.
public struct DeadSelection: Sendable {
    /// In this order.
    public private(set) var queues: [QueueName]
    /// In each of them.
    public private(set) var filter = DeadFilter()

    /// The names that ``set(_:_:pointer:)`` knows.
    public static let names = ["queue", "kind", "target", "since", "until", "id"]

    /// All buried jobs of these queues.
    public init(queues: [QueueName] = JobQueue.all) {
        self.queues = queues
    }

    /// Whether nothing was asked for, so that it means everything.
    public var isEverything: Bool { queues.count > 1 && filter == DeadFilter() }

    /// Narrows it by one condition; ids add up.
    ///
    /// - Parameter pointer: where the value stands in a body; by default `/` and the name.
    /// - Throws: invalid, with the pointer.
    public mutating func set(_ name: String, _ value: String, pointer: String? = nil) throws(InputError) {
        let pointer = pointer ?? FieldProblem.token(name)
        switch name {
        case "queue":
            guard let queue = QueueName(value), queues.contains(queue) else {
                throw Self.problem(pointer, "There is no such queue.")
            }
            queues = [queue]
        case "kind":
            filter.kind = value
        case "target":
            guard let target = CRMTarget(rawValue: value) else {
                throw Self.problem(pointer, "There is no such target.")
            }
            filter.lanePrefix = PushLane.prefix(of: target)
        case "since":
            filter.sinceMilliseconds = try Self.time(value, pointer)
        case "until":
            filter.untilMilliseconds = try Self.time(value, pointer)
        case "id", "ids":
            guard let id = JobID(value) else { throw Self.problem(pointer, "No job has this id.") }
            filter.ids = (filter.ids ?? []) + [id]
        default:
            throw Self.problem(pointer, "No such filter; there are \(Self.names.joined(separator: ", ")).")
        }
    }

    /// Narrows it by the members of a JSON object; `ids` may be an array.
    ///
    /// - Throws: malformed or invalid, with pointers.
    public mutating func read(_ body: [UInt8]) throws(InputError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(body, limits: JSONLimits(bytes: body.count)) } catch {
            throw InputError(error)
        }
        guard let object = value.object else { throw Self.problem("", "A filter is a JSON object.") }
        for member in object.members {
            let pointer = FieldProblem.token(member.key)
            switch member.value {
            case .null: continue
            case .string(let text): try set(member.key, text, pointer: pointer)
            case .array(let items) where member.key == "ids":
                // Even none is a choice: nothing is meant then, not everything.
                filter.ids = filter.ids ?? []
                for (index, item) in items.enumerated() {
                    try set("id", item.string ?? "", pointer: "\(pointer)/\(index)")
                }
            default: throw Self.problem(pointer, "A string is expected.")
            }
        }
    }

    private static func time(_ text: String, _ pointer: String) throws(InputError) -> Int64 {
        guard let time = Timestamp(iso8601: text) else { throw problem(pointer, "An ISO-8601 time is expected.") }
        return time.milliseconds
    }

    private static func problem(_ pointer: String, _ detail: String) -> InputError {
        InputError(problems: [.init(pointer: pointer, detail: detail)])
    }
}
