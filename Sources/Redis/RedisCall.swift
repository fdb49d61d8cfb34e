import Threads

/// One caller's commands and the caller who waits for their replies. Answered once; later answers are dropped.
final class RedisCall: Sendable {
    typealias Answer = Result<[RedisReply], RedisError>

    private enum Slot {
        case new
        case waiting(CheckedContinuation<Answer, Never>)
        case answeredEarly(Answer)
        case answered
    }

    let commands: [RedisCommand]
    let byteCount: Int

    /// How long the server may hold the answer back before the usual time-out counts.
    let blockMilliseconds: Int64

    /// The number under which ``SocketInterrupter`` knows it, if it may be interrupted.
    let operation: UInt64?

    private let slot = Locked(Slot.new)

    init(_ commands: [RedisCommand], blockMilliseconds: Int64 = 0, operation: UInt64? = nil) {
        self.commands = commands
        self.blockMilliseconds = blockMilliseconds
        self.operation = operation
        byteCount = commands.reduce(0) { $0 + $1.byteCount }
    }

    var isAnswered: Bool {
        slot.withLock { slot in
            switch slot {
            case .new, .waiting: false
            case .answeredEarly, .answered: true
            }
        }
    }

    /// Takes the one who waits; the answer may be there already, if the cancel came first.
    func wait(_ continuation: CheckedContinuation<Answer, Never>) {
        let early: Answer? = slot.withLock { slot in
            if case .answeredEarly(let answer) = slot {
                slot = .answered
                return answer
            }
            slot = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(returning: early) }
    }

    /// Resumes the one who waits, unless that has happened.
    func answer(_ answer: Answer) {
        let continuation: CheckedContinuation<Answer, Never>? = slot.withLock { slot in
            switch slot {
            case .new:
                slot = .answeredEarly(answer)
                return nil
            case .waiting(let continuation):
                slot = .answered
                return continuation
            case .answeredEarly, .answered:
                return nil
            }
        }
        continuation?.resume(returning: answer)
    }
}
