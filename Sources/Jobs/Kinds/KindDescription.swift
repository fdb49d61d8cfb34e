public import Basics
public import Queue

/// What is known of a kind of job without running it: what `GET /v1/kinds` shows, and what a job that is posted by hand
/// is checked against. Each stands beside its handler.
public struct KindDescription: Sendable {
    /// The kind, as in ``JobKind``.
    public let name: String
    /// What it does, in a sentence.
    public let summary: String
    /// Where its jobs go unless someone says otherwise.
    public let queue: QueueName
    /// Unless someone says otherwise.
    public let retry: RetryPolicy
    /// Whether the end of each job is in the history.
    public let leavesTrace: Bool
    /// How long one run may take, in ms; nil is `Limits.standardTimeLimitMilliseconds`.
    public let timeLimitMilliseconds: Int64?
    /// The form of its arguments, an object.
    public let arguments: ArgumentSchema

    private let check: @Sendable ([UInt8]) throws(InputError) -> Void
    private let lane: @Sendable (JSONObject) -> String

    /// - Parameters:
    ///   - check: what the form cannot say: the handler's own reading of the arguments. Pointers begin at the arguments.
    ///   - lane: of a job with these arguments, which have passed `check`; empty for none.
    public init(
        name: String, summary: String, queue: QueueName, retry: RetryPolicy, leavesTrace: Bool,
        timeLimitMilliseconds: Int64? = nil, arguments: ArgumentSchema,
        check: @escaping @Sendable ([UInt8]) throws(InputError) -> Void = { _ throws(InputError) in },
        lane: @escaping @Sendable (JSONObject) -> String = { _ in "" }
    ) {
        self.name = name
        self.summary = summary
        self.queue = queue
        self.retry = retry
        self.leavesTrace = leavesTrace
        self.timeLimitMilliseconds = timeLimitMilliseconds
        self.arguments = arguments
        self.check = check
        self.lane = lane
    }

    /// Everything that is wrong with arguments that stand at `pointer`: the form first, and only if that is right what the
    /// handler says.
    public func problems(of arguments: JSONValue, bytes: [UInt8], at pointer: String) -> [FieldProblem] {
        let problems = self.arguments.problems(of: arguments, at: pointer)
        guard problems.isEmpty else { return problems }
        do {
            try check(bytes)
            return []
        } catch {
            guard !error.problems.isEmpty else { return [.init(pointer: pointer, detail: error.message)] }
            return error.problems.map { .init(pointer: pointer + $0.pointer, detail: $0.detail) }
        }
    }

    /// The lane of a job with these arguments, in which ``problems(of:bytes:at:)`` found nothing; empty for none.
    public func lane(of arguments: JSONObject) -> String { lane(arguments) }
}
