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
        case .durabilityRefused:
            self = .unprocessable([], detail: "durability=fsynced cannot be given: \(error.message)")
        case .durabilityUnproven:
            self = .unavailable(
                "durability=fsynced was not reached: \(error.message); send it again with the same Idempotency-Key",
                retryAfterSeconds: Self.retryAfterSeconds)
        default:
            // Redis may be away, or full, or may refuse: nothing durable can be reached either way.
            self = .unavailable("the queue cannot be reached now", retryAfterSeconds: Self.retryAfterSeconds)
        }
    }

    init(_ error: JobsError) {
        self = .unavailable("the history cannot be read now", retryAfterSeconds: Self.retryAfterSeconds)
    }
}

/// Runs `body`, whose errors of the engine, the stores and the input become problems.
func answering<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as QueueError {
        throw Problem(error)
    } catch let error as JobsError {
        throw Problem(error)
    } catch let error as InputError {
        throw Problem(error)
    }
}
