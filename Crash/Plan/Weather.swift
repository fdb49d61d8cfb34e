import TestKit

/// How a target behaves for a while.
enum Mood: String, Sendable, Hashable, CaseIterable {
    case good, slow, hang, drip, reset, close, garbage, error, busy, refuse

    /// Those that make a target fail.
    static let bad = allCases.filter { $0 != .good && $0 != .slow }

    /// - Parameter pause: how long this answer takes, in ms, where it is one that takes its time.
    func answer(pauseMilliseconds pause: Int) -> TargetAnswer {
        switch self {
        case .good: pause > 0 ? .late(status: 200, milliseconds: pause) : .status(200)
        case .slow: .late(status: 200, milliseconds: max(pause, 200))
        case .hang: .hang
        case .drip: .drip(status: 200)
        case .reset: .reset
        case .close: .close
        case .garbage: .garbage
        case .error: .status(500)
        case .busy: .status(429, (name: "Retry-After", value: "1"))
        case .refuse: .status(400)
        }
    }
}

/// One account's target in a mood for a while.
struct Weather: Sendable, Hashable, CustomStringConvertible {
    /// The account, from 0.
    let account: Int
    /// Since the load began.
    let from: Int64
    let until: Int64
    let mood: Mood

    var description: String { "\(from) to \(until) ms: target \(account) \(mood.rawValue)" }
}
