// An idle worker blocks on the doorbells of its queues, on a connection of its own. It does so only when asked: a busy
// worker that listened would take wake-ups from idle ones.

import Redis

/// Waits for work on behalf of the claim loop.
struct Doorbell: Sendable {
    private let waiter: RedisWaiter
    private let keys: [String]
    private let inbox: Inbox
    private let clock: any MonotonicClock
    private let requests: AsyncStream<Int64>
    private let requester: AsyncStream<Int64>.Continuation

    /// The pause after a failed wait, in ms.
    private static let pauseMilliseconds: Int64 = 200

    init(waiter: RedisWaiter, keys: [String], inbox: Inbox, clock: any MonotonicClock) {
        self.waiter = waiter
        self.keys = keys
        self.inbox = inbox
        self.clock = clock
        (requests, requester) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for one wait of at most `milliseconds`; its end is posted to the inbox.
    func listen(atMostMilliseconds milliseconds: Int64) { requester.yield(max(1, milliseconds)) }

    /// Serves requests until the task is cancelled.
    func run() async {
        for await milliseconds in requests {
            do {
                let rung = try await waiter.pop(from: keys, timeoutMilliseconds: milliseconds)
                if let rung, let queue = keys.firstIndex(of: rung.key) {
                    inbox.post(.rang(queue: queue))
                } else {
                    inbox.post(.silent)
                }
            } catch {
                // The claim loop meets and logs the same fault on its own connection.
                guard !Task.isCancelled else { return }
                do { try await clock.sleep(milliseconds: Self.pauseMilliseconds) } catch { return }
                inbox.post(.silent)
            }
        }
    }
}
