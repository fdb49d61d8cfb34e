internal import Synchronization

/// Waits for the first of several answers; later ones are dropped.
final class FirstAnswer: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<String?, Never>)
        case answered(String?)
    }

    private let state = Mutex(State.empty)

    /// Gives an answer; nil is one, too.
    func give(_ answer: String?) {
        let waiter: CheckedContinuation<String?, Never>? = state.withLock { state in
            switch state {
            case .empty:
                state = .answered(answer)
                return nil
            case .waiting(let continuation):
                state = .answered(answer)
                return continuation
            case .answered:
                return nil
            }
        }
        waiter?.resume(returning: answer)
    }

    /// The first answer. Called once.
    func wait() async -> String? {
        await withCheckedContinuation { continuation in
            let answer: String?? = state.withLock { state in
                if case .answered(let answer) = state { return .some(answer) }
                state = .waiting(continuation)
                return .none
            }
            if case .some(let answer) = answer { continuation.resume(returning: answer) }
        }
    }
}
