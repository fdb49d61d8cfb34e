import Basics
import Jobs
import Queue

extension Problem {
    /// What a client does after 503, in seconds: long enough for a restart, short enough to lose no time.
    static let retryAfterSeconds = 2
    /// What a client does when a queue is full, in seconds: long enough for some of it to be done.
    private static let fullRetryAfterSeconds = 10

    /// 429: as many jobs wait as may.
    static func queueFull() -> Problem {
        .tooManyRequests("as many jobs wait in the queue as it may hold", retryAfterSeconds: fullRetryAfterSeconds)
    }

    init(_ error: InputError) {
        switch error.kind {
        case .malformed:
            self = .badRequest(error.message)
        case .invalid:
            self = .unprocessable([], detail: error.message)
        }
        errors = error.problems.map { Field(pointer: $0.pointer, detail: $0.detail) }
    }

    init(_ error: QueueError) {
        switch error.code {
        case .queueFull:
            self = .queueFull()
        case .limitExceeded:
            self = .unprocessable([], detail: error.message)
        default:
            // Redis may be away, or full, or may refuse: nothing durable can be reached either way.
            self = .unavailable("the queue cannot be reached now", retryAfterSeconds: Self.retryAfterSeconds)
        }
    }

    init(_ error: JobsError) {
        self = .unavailable("the history cannot be read now", retryAfterSeconds: Self.retryAfterSeconds)
    }
}
