/// Input from outside that cannot be used, with every problem found. Trying the same bytes again never helps.
public struct InputError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which kind of answer the caller gets.
    public enum Kind: Sendable, Hashable {
        /// Not the format it claims to be: HTTP 400.
        case malformed
        /// Well formed, with values that are not allowed: HTTP 422.
        case invalid
    }

    /// Most problems one error carries; more are counted in `message` only.
    public static let maximumProblems = 100

    /// Malformed (400) or invalid (422).
    public let kind: Kind
    /// One sentence for people.
    public let message: String
    /// The places, in document order, at most `maximumProblems`.
    public let problems: [FieldProblem]
    /// Always false.
    public var isRetriable: Bool { false }

    /// An error of a kind; problems past `maximumProblems` are dropped.
    public init(kind: Kind, message: String, problems: [FieldProblem] = []) {
        self.kind = kind
        self.message = message
        self.problems = Array(problems.prefix(Self.maximumProblems))
    }

    /// Well-formed input with bad values.
    public init(problems: [FieldProblem]) {
        let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
        self.init(kind: .invalid, message: "The values are not acceptable: \(count).", problems: problems)
    }

    /// What the JSON parser refused.
    public init(_ error: JSONError) {
        self.init(kind: error.isMalformed ? .malformed : .invalid, message: error.message, problems: error.problems)
    }

    /// The message and the first problems.
    public var description: String {
        problems.isEmpty ? message : message + " " + problems.prefix(5).map(\.description).joined(separator: "; ")
    }
}
