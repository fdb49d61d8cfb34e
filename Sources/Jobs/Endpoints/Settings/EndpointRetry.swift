public import Basics
public import Queue

/// When an endpoint's failed attempts are followed by others, as its owner says it: m attempts n seconds apart, or a
/// listed schedule.
public struct EndpointRetry: Sendable, Hashable {
    /// Attempts in all that may be asked for.
    public static let attempts: ClosedRange<Int64> = 1...100
    /// What a pause may be, in ms: up to 30 days.
    public static let delaysMilliseconds: ClosedRange<Int64> = 0...2_592_000_000
    /// What an endpoint has whose owner says nothing: six attempts over about seven hours.
    public static let standard = EndpointRetry(
        policy: RetryPolicy(listedMilliseconds: [60_000, 300_000, 900_000, 3_600_000, 21_600_000]))

    /// As the engine takes it.
    public let policy: RetryPolicy

    /// - Parameter policy: fixed or listed, without jitter.
    init(policy: RetryPolicy) { self.policy = policy }

    /// One attempt, and when it comes if all before it fail at once.
    public struct Step: Sendable, Hashable {
        /// From 1.
        public let attempt: Int
        /// Since the end of the one before, in ms.
        public let afterMilliseconds: Int64
        /// Since the first, in ms.
        public let totalMilliseconds: Int64
    }

    /// Every attempt in order. Real attempts come later by what the earlier ones took, and by what `Retry-After` asks.
    public var timetable: [Step] {
        var total: Int64 = 0
        return (1...policy.attempts).map { attempt in
            let delay = attempt == 1 ? 0 : policy.plainDelayMilliseconds(after: attempt - 1) ?? 0
            total += delay
            return Step(attempt: attempt, afterMilliseconds: delay, totalMilliseconds: total)
        }
    }

    /// As the API takes and shows it.
    public var json: JSONValue {
        switch policy.backoff {
        case .listed(let delays):
            .object(["schedule_seconds": .array(delays.map { .number(Self.seconds($0)) })])
        case .fixed(let delay), .exponential(let delay, _):
            .object(["attempts": .number("\(policy.attempts)"), "delay_seconds": .number(Self.seconds(delay))])
        }
    }

    /// ``timetable`` as the API shows it.
    public var timetableJSON: JSONValue {
        .array(
            timetable.map { step in
                .object([
                    "attempt": .number("\(step.attempt)"),
                    "after_seconds": .number(Self.seconds(step.afterMilliseconds)),
                    "total_seconds": .number(Self.seconds(step.totalMilliseconds)),
                ])
            })
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)" : "\(Double(milliseconds) / 1_000)"
    }
}

extension FieldReader {
    /// `{"attempts", "delay_seconds"}` or `{"schedule_seconds"}`.
    mutating func endpointRetry(_ key: String) -> EndpointRetry? {
        guard let object = nested(key) else { return nil }
        var fields = FieldReader(object, prefix: prefix + FieldProblem.token(key))
        fields.refuseOthers(than: ["attempts", "delay_seconds", "schedule_seconds"])
        let attempts = fields.integer("attempts", in: EndpointRetry.attempts)
        let delay = fields.milliseconds(ofSeconds: "delay_seconds", in: EndpointRetry.delaysMilliseconds)
        let list = fields.milliseconds(
            ofSecondsList: "schedule_seconds", in: EndpointRetry.delaysMilliseconds,
            maximumCount: Limits.maximumListedDelays)
        if fields.member("schedule_seconds") != nil {
            for other in ["attempts", "delay_seconds"] where fields.member(other) != nil {
                fields.report(other, "schedule_seconds says it already; give one or the other.")
            }
        } else {
            for needed in ["attempts", "delay_seconds"] where fields.member(needed) == nil {
                fields.report(needed, "This field is required unless schedule_seconds is given.")
            }
        }
        append(fields.problems)
        guard fields.problems.isEmpty else { return nil }
        if let list { return EndpointRetry(policy: RetryPolicy(listedMilliseconds: list)) }
        guard let attempts, let delay else { return nil }
        return EndpointRetry(policy: RetryPolicy(attempts: Int(attempts), delayMilliseconds: delay))
    }
}
