import Curl
import Synchronization
import TestKit

/// A caller who posts events without a break, as long as it is told to: each under an id of its own, again and again
/// until it is accepted, as a caller should.
final class Poster: Sendable {
    /// An event that got its 202.
    struct Accepted: Sendable {
        let engagement: String
        let jobs: [String]
        /// When the request began that was accepted.
        let begun: ContinuousClock.Instant
        /// When the answer came.
        let at: ContinuousClock.Instant
    }

    private struct State {
        var accepted: [Accepted] = []
        /// Answers other than 202, and requests without one.
        var refusals: [(status: Int, retryAfter: String?)] = []
        var failures = 0
        var isStopped = false
    }

    private let client: ProductClient
    private let event: @Sendable (_ engagement: String, _ id: String) -> String
    private let state = Mutex(State())

    init(_ client: ProductClient, event: @escaping @Sendable (_ engagement: String, _ id: String) -> String) {
        self.client = client
        self.event = event
    }

    var accepted: [Accepted] { state.withLock { $0.accepted } }
    var refusals: [(status: Int, retryAfter: String?)] { state.withLock { $0.refusals } }
    var failures: Int { state.withLock { $0.failures } }

    /// The caller finishes what it has begun and ends.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Posts until ``stop()``, with so many callers side by side.
    func run(callers: Int) async {
        await withDiscardingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask { [self] in
                    var number = 0
                    while !state.withLock({ $0.isStopped }) {
                        number += 1
                        await post("\(caller)-\(number)")
                    }
                }
            }
        }
    }

    /// A refused event is posted again after a moment, at most for a minute.
    private func post(_ name: String) async {
        let body = event("e-\(name)", "id-\(name)")
        for _ in 0..<600 {
            let begun = ContinuousClock.now
            do {
                let reply = try await client.post(body)
                if reply.status == 202 {
                    let accepted = Accepted(
                        engagement: "e-\(name)", jobs: ProductClient.jobs(reply), begun: begun, at: .now)
                    return state.withLock { $0.accepted.append(accepted) }
                }
                state.withLock { $0.refusals.append((reply.status, reply.header("Retry-After"))) }
            } catch {
                state.withLock { $0.failures += 1 }
            }
            // The pause of a caller who was refused; nothing is waited for.
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
        }
    }
}
