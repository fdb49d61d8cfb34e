import Foundation
import Glibc

/// What the threads of one ``FakeTarget`` share.
final class TargetState: Sendable {
    struct Content {
        var answers: ArraySlice<TargetAnswer>
        var last: TargetAnswer
        /// In place of both.
        var choose: (@Sendable (TargetRequest) -> TargetAnswer)?
        var requests: [TargetRequest] = []
        /// Numbers of the requests that were answered with a 2xx.
        var delivered: [Int] = []
        var deliveredAt: [Int: ContinuousClock.Instant] = [:]
        var open: Set<Int32> = []
        var connections = 0
        var isListening = false
        var isReleased = false
        var isStopped = false
        var watchers: [UUID: AsyncStream<Int>.Continuation] = [:]
    }

    /// Guards `content` and wakes the threads that hold a request.
    private let condition = NSCondition()
    /// Touched only while `condition` is locked.
    private nonisolated(unsafe) var content: Content

    init(answers: [TargetAnswer], last: TargetAnswer) {
        unsafe content = Content(answers: answers[...], last: last)
    }

    init(choose: @escaping @Sendable (TargetRequest) -> TargetAnswer) {
        unsafe content = Content(answers: [], last: .status(200), choose: choose)
    }

    func read<Value>(_ body: (Content) -> Value) -> Value {
        condition.withLock { unsafe body(content) }
    }

    func change(_ body: (inout Content) -> Void) {
        condition.withLock {
            unsafe body(&content)
            condition.broadcast()
        }
    }

    /// A new connection's number; nil when the target has stopped.
    func open(_ descriptor: Int32) -> Int? {
        condition.withLock {
            guard unsafe !content.isStopped else { return nil }
            unsafe content.open.insert(descriptor)
            defer { unsafe content.connections += 1 }
            return unsafe content.connections
        }
    }

    /// Closed under the lock, so that `stop` never meets a descriptor that has another owner by then.
    func close(_ descriptor: Int32) {
        change { content in
            content.open.remove(descriptor)
            Glibc.close(descriptor)
        }
    }

    /// Keeps a request and says what to do with it.
    func record(_ request: TargetRequest) -> (number: Int, answer: TargetAnswer) {
        condition.withLock {
            unsafe content.requests.append(request)
            let count = unsafe content.requests.count
            for watcher in unsafe content.watchers.values { watcher.yield(count) }
            if let choose = unsafe content.choose { return (count - 1, choose(request)) }
            return (count - 1, unsafe content.answers.popFirst() ?? content.last)
        }
    }

    /// Blocks the connection's thread until the target is released or stopped; true if released.
    func waitForRelease() -> Bool {
        condition.withLock {
            while unsafe !content.isReleased, unsafe !content.isStopped { condition.wait() }
            return unsafe content.isReleased
        }
    }

    func arrivals() -> AsyncStream<Int> {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let key = UUID()
        continuation.onTermination = { [weak self] _ in self?.change { $0.watchers[key] = nil } }
        change { content in
            continuation.yield(content.requests.count)
            if content.isStopped { continuation.finish() } else { content.watchers[key] = continuation }
        }
        return stream
    }

    /// The open connections; nil when it had stopped before.
    func stop() -> Set<Int32>? {
        var watchers: [AsyncStream<Int>.Continuation] = []
        let open: Set<Int32>? = condition.withLock {
            guard unsafe !content.isStopped else { return nil }
            unsafe content.isStopped = true
            watchers = unsafe Array(content.watchers.values)
            condition.broadcast()
            return unsafe content.open
        }
        for watcher in watchers { watcher.finish() }
        return open
    }
}
