import Basics
import Queue

/// Takes the members of a ``JobRequest`` one by one, and notes every problem with its pointer.
struct JobRequestReader {
    private var fields: FieldReader
    private let argumentBytes: [UInt8]
    private let catalogue: KindCatalogue
    private let queues: [QueueName]
    private let nowMilliseconds: Int64

    /// The shortest time limit of a run and the shortest quiet time, in ms.
    private static let shortestMilliseconds: Int64 = 1
    /// The longest time limit of a run, in ms: a day.
    private static let longestRunMilliseconds: Int64 = 86_400_000

    private static let members = [
        "kind", JobRequest.argumentsKey, "queue", "delay_seconds", "run_at", "unique_key", "unique_seconds", "debounce",
        "lane", "order_key", "attempts", "retry_delay_seconds", "retry_schedule_seconds", "timeout_seconds",
    ]

    /// - Parameter arguments: the bytes of the arguments as posted; empty when there are none.
    init(
        _ object: JSONObject, arguments: [UInt8], _ catalogue: KindCatalogue, _ queues: [QueueName],
        _ nowMilliseconds: Int64
    ) {
        fields = FieldReader(object)
        argumentBytes = arguments
        self.catalogue = catalogue
        self.queues = queues
        self.nowMilliseconds = nowMilliseconds
    }

    var problems: [FieldProblem] { fields.problems }

    /// After everything else.
    mutating func finish() { fields.refuseOthers(than: Self.members) }

    mutating func kind() -> KindDescription? {
        guard let name = fields.token("kind", isRequired: true) else { return nil }
        if let kind = catalogue[name] { return kind }
        let known = catalogue.kinds.map(\.name).joined(separator: ", ")
        fields.report("kind", "No such kind is known; there are \(known).")
        return nil
    }

    mutating func arguments(of kind: KindDescription?) -> (object: JSONObject, bytes: [UInt8])? {
        let key = JobRequest.argumentsKey
        guard let value = fields.member(key) else {
            fields.report(key, "This field is required.")
            return nil
        }
        guard let object = value.object else {
            fields.report(key, "A JSON object is expected, not \(value.kindName).")
            return nil
        }
        guard argumentBytes.count <= Limits.maximumArgumentsBytes else {
            fields.report(key, "At most \(Limits.maximumArgumentsBytes) bytes are allowed.")
            return nil
        }
        if let kind { fields.append(kind.problems(of: value, bytes: argumentBytes, at: "/" + key)) }
        return (object, argumentBytes)
    }

    mutating func queue() -> QueueName? {
        guard let text = fields.identifier("queue") else { return nil }
        if let name = QueueName(text), queues.contains(name) { return name }
        let known = queues.map(\.description).joined(separator: ", ")
        fields.report("queue", "There is no such queue; there are \(known).")
        return nil
    }

    mutating func lane() -> String? { fields.token("lane") }

    mutating func orderKey() -> String? { fields.token("order_key") }

    mutating func delay() -> Int64? {
        let range = 0...Limits.maximumDelayMilliseconds
        let delay = fields.milliseconds(ofSeconds: "delay_seconds", in: range)
        guard let runAt = fields.timestamp("run_at") else { return delay }
        guard fields.member("delay_seconds") == nil else {
            fields.report("run_at", "Give either delay_seconds or run_at.")
            return nil
        }
        let untilThen = runAt.milliseconds - nowMilliseconds
        guard untilThen <= Limits.maximumDelayMilliseconds else {
            fields.report(
                "run_at", "At most \(Limits.maximumDelayMilliseconds / 86_400_000) days from now are allowed.")
            return nil
        }
        return max(0, untilThen)
    }

    mutating func timeLimit() -> Int64? {
        fields.milliseconds(
            ofSeconds: "timeout_seconds", in: Self.shortestMilliseconds...Self.longestRunMilliseconds)
    }

    mutating func policy(of kind: KindDescription?) -> RetryPolicy? {
        let range = 0...Limits.maximumDelayMilliseconds
        let attempts = fields.integer("attempts", in: 1...Int64(Limits.maximumAttempts))
        let delay = fields.milliseconds(ofSeconds: "retry_delay_seconds", in: range)
        let schedule = fields.milliseconds(
            ofSecondsList: "retry_schedule_seconds", in: range, maximumCount: Limits.maximumListedDelays)
        if fields.member("retry_schedule_seconds") != nil {
            guard fields.member("attempts") == nil, fields.member("retry_delay_seconds") == nil else {
                fields.report(
                    "retry_schedule_seconds",
                    "Give either retry_schedule_seconds, or attempts and retry_delay_seconds: a schedule says both.")
                return nil
            }
            return schedule.map { RetryPolicy(listedMilliseconds: $0) }
        }
        guard attempts != nil || delay != nil, let kind else { return nil }
        return kind.retry.replacing(attempts: attempts.map { Int($0) }, delayMilliseconds: delay)
    }

    mutating func key() -> JobKey? {
        let unique = fields.token("unique_key")
        let lifetime = fields.milliseconds(
            ofSeconds: "unique_seconds", in: 1_000...Limits.maximumDelayMilliseconds)
        if fields.member("unique_seconds") != nil, fields.member("unique_key") == nil {
            fields.report("unique_seconds", "It says how long unique_key holds, so it needs one.")
        }
        guard let debounce = fields.nested("debounce") else {
            return unique.map {
                .unique($0, lifetimeMilliseconds: lifetime ?? Limits.uniqueLifetimeMilliseconds)
            }
        }
        for other in ["unique_key", "delay_seconds", "run_at"] where fields.member(other) != nil {
            fields.report("debounce", "Give either debounce or \(other).")
            return nil
        }
        return self.debounce(debounce)
    }

    private mutating func debounce(_ object: JSONObject) -> JobKey? {
        var own = FieldReader(object, prefix: "/debounce")
        let range = Self.shortestMilliseconds...Limits.maximumDelayMilliseconds
        let key = own.token("key", isRequired: true)
        let quiet = own.milliseconds(ofSeconds: "seconds", in: range)
        if own.member("seconds") == nil { own.report("seconds", "This field is required.") }
        let longest = own.milliseconds(ofSeconds: "max_seconds", in: range)
        if own.member("max_seconds") == nil { own.report("max_seconds", "This field is required.") }
        if let quiet, let longest, longest < quiet { own.report("max_seconds", "It is at least seconds.") }
        own.refuseOthers(than: ["key", "seconds", "max_seconds"])
        fields.append(own.problems)
        guard let key, let quiet, let longest, own.problems.isEmpty else { return nil }
        return .debounce(key, quietMilliseconds: quiet, longestMilliseconds: longest)
    }
}
