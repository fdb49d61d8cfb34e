/// What a program does.
enum Role: String, Sendable, Hashable, CaseIterable { case api, worker, scheduler }

/// Whose wall clock.
enum FaultClock: String, Sendable, Hashable, CaseIterable {
    case redis
    /// That of the API, the workers and the schedulers.
    case programs

    /// As a disturbance has it.
    var subject: String { "clock of \(rawValue)" }
}

/// One thing that goes wrong. Programs are meant by their number in their role, from 0.
enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// SIGKILL, and started again after a while.
    case kill(Role, Int)
    /// SIGSTOP, and SIGCONT after a while.
    case freeze(Role, Int)
    /// SIGTERM, and another one after its end: a worker of a rolling release.
    case replace(Int)
    /// One more worker.
    case scaleUp
    /// SIGTERM to a worker that nobody replaces.
    case scaleDown(Int)
    /// SIGKILL, and started again with its data after a while.
    case killRedis
    /// SIGTERM, and started again with its data after a while.
    case restartRedis
    /// It takes connections and answers nothing.
    case freezeRedis
    /// It has no memory left for writes that need some.
    case fillRedis
    case killPostgres
    case restartPostgres
    case freezePostgres
    /// A wall clock is put forward, or back, by so many seconds, and set right after a while.
    case stepClock(FaultClock, seconds: Int64)

    /// Two faults of one subject never overlap.
    var subject: String {
        switch self {
        case .kill(let role, let index), .freeze(let role, let index): "\(role.rawValue)-\(index)"
        case .replace(let index), .scaleDown(let index): "worker-\(index)"
        case .scaleUp: "scale"
        case .killRedis, .restartRedis, .freezeRedis, .fillRedis: "redis"
        case .killPostgres, .restartPostgres, .freezePostgres: "postgres"
        case .stepClock(let clock, _): clock.subject
        }
    }

    /// What happens, in a word.
    var action: String {
        switch self {
        case .kill, .killRedis, .killPostgres: "kill"
        case .freeze, .freezeRedis, .freezePostgres: "freeze"
        case .replace: "replace"
        case .scaleUp: "scale up"
        case .scaleDown: "scale down"
        case .restartRedis, .restartPostgres: "restart"
        case .fillRedis: "fill"
        case .stepClock(_, let seconds): "step \(seconds) s"
        }
    }

    var description: String { "\(action) \(subject)" }
}

/// A fault with its time.
struct PlannedFault: Sendable, Hashable, CustomStringConvertible {
    let fault: Fault
    /// Since the load began.
    let atMilliseconds: Int64
    /// Until it is undone; 0 for what undoes itself.
    let lastsMilliseconds: Int64

    var description: String {
        let length = lastsMilliseconds > 0 ? " for \(lastsMilliseconds) ms" : ""
        return "\(atMilliseconds) ms: \(fault)\(length)"
    }
}
