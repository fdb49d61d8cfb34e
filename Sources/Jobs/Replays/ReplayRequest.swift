public import Basics
import Queue

/// A wish for a replay: which deliveries, how fast.
public struct ReplayRequest: Sendable, Hashable {
    /// Which deliveries, until ``toMilliseconds``.
    public private(set) var filter: DeliveryFilter
    /// The end of the range, Unix ms; it may be in the future, and then means now.
    public let toMilliseconds: Int64
    /// Deliveries a second.
    public let pace: Int
    /// Whether only to count.
    public let isDryRun: Bool

    private static let names: [(String, DeliveryFilter.Field)] = [
        ("state", .state), ("target", .target), ("endpoint", .endpoint), ("event_type", .eventType),
        ("domain_name", .domainName),
    ]
    private static let states: [DeliveryState] = [.delivered, .failed, .cancelled]

    /// Reads `{"from", "to", "state"?, "target"?, "endpoint"?, "event_type"?, "domain_name"?, "pace_per_second"?,
    /// "dry_run"?}`.
    ///
    /// - Throws: malformed or invalid, with every problem.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> ReplayRequest {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: bytes.count)) } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            throw InputError(kind: .invalid, message: "A replay is a JSON object.")
        }
        var fields = FieldReader(object)
        fields.refuseOthers(than: ["from", "to"] + names.map(\.0) + ["pace_per_second", "dry_run"])
        var filter = DeliveryFilter()
        let (from, to) = (fields.timestamp("from", isRequired: true), fields.timestamp("to", isRequired: true))
        for (name, field) in names { filter.fields[field] = fields.identifier(name) }
        if let state = filter.fields[.state], !states.map(\.rawValue).contains(state) {
            let known = states.map(\.rawValue).joined(separator: ", ")
            fields.report("state", "Only deliveries that have ended are sent again: \(known).")
        }
        let pace = fields.integer("pace_per_second", in: Replay.paces)
        var isDryRun = false
        if let member = fields.member("dry_run") {
            if case .bool(let flag) = member {
                isDryRun = flag
            } else {
                fields.report("dry_run", "true or false is expected.")
            }
        }
        if let from, let to, from.milliseconds >= to.milliseconds {
            fields.report("to", "It must be later than from.")
        }
        guard let from, let to, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        filter.sinceMilliseconds = from.milliseconds
        return ReplayRequest(
            filter: filter, toMilliseconds: to.milliseconds, pace: pace.map(Int.init) ?? Replay.standardPace,
            isDryRun: isDryRun)
    }

    /// The deliveries of the range as they are at a moment: none that is asked for later.
    public func filter(atMilliseconds now: Int64) -> DeliveryFilter {
        var filter = filter
        filter.untilMilliseconds = min(toMilliseconds, now)
        return filter
    }
}
