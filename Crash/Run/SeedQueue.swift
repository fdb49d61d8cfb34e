import Synchronization

/// The seeds that are left, and the ledgers of those that are done.
final class SeedQueue: Sendable {
    private struct State {
        var next: UInt64
        let end: UInt64
        var ledgers: [SeedLedger] = []
    }

    private let state: Mutex<State>

    init(from: UInt64, count: Int) { state = Mutex(State(next: from, end: from + UInt64(count))) }

    /// The next seed; nil when there is none.
    func take() -> UInt64? {
        state.withLock { state in
            guard state.next < state.end else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func add(_ ledger: SeedLedger) { state.withLock { $0.ledgers.append(ledger) } }

    /// In the order of their seeds.
    var ledgers: [SeedLedger] { state.withLock { $0.ledgers.sorted { $0.seed < $1.seed } } }
}
