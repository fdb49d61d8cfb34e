// Threads: handlers sleep on any thread; only the simulation moves the time and wakes them. A sleeper is woken once: by the
// simulation or by its task's cancellation, whichever takes it out of the table.

import Threads

/// The clock of a ``QueueSimulation``: it stands still until the simulation moves it.
public final class SimulationClock: MonotonicClock {
    /// The job on whose behalf a task sleeps.
    @TaskLocal static var job: JobID?

    struct Sleeper {
        let number: Int
        let wakeMilliseconds: Int64
        let job: JobID?
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var nowMilliseconds: Int64
        var sleepers: [Int: Sleeper] = [:]
        /// Of sleeps that were cancelled before they had begun.
        var cancelled: Set<Int> = []
        var lastNumber = 0
    }

    private let state: Locked<State>
    private let onSleep: @Sendable () -> Void

    init(nowMilliseconds: Int64, onSleep: @escaping @Sendable () -> Void) {
        state = Locked(State(nowMilliseconds: nowMilliseconds))
        self.onSleep = onSleep
    }

    /// The simulated time of day, Unix ms.
    public var nowMilliseconds: Int64 { state.withLock { $0.nowMilliseconds } }

    /// Sleeps until the simulation has moved on by so much.
    public func sleep(milliseconds: Int64) async throws {
        try Task.checkCancellation()
        guard milliseconds > 0 else { return }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        defer { state.withLock { _ = $0.cancelled.remove(number) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                begin(number, milliseconds, continuation)
            }
        } onCancel: {
            cancel(number)
        }
    }

    private func begin(_ number: Int, _ milliseconds: Int64, _ continuation: CheckedContinuation<Void, any Error>) {
        let isAsleep = state.withLock { state in
            guard state.cancelled.remove(number) == nil else { return false }
            let (wake, isTooLate) = state.nowMilliseconds.addingReportingOverflow(milliseconds)
            state.sleepers[number] = Sleeper(
                number: number, wakeMilliseconds: isTooLate ? .max : wake, job: Self.job, continuation: continuation)
            return true
        }
        if isAsleep { onSleep() } else { continuation.resume(throwing: CancellationError()) }
    }

    private func cancel(_ number: Int) {
        let sleeper = state.withLock { state -> Sleeper? in
            if let sleeper = state.sleepers.removeValue(forKey: number) { return sleeper }
            state.cancelled.insert(number)
            return nil
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    // MARK: - The simulation's side

    func set(_ milliseconds: Int64) { state.withLock { $0.nowMilliseconds = max($0.nowMilliseconds, milliseconds) } }

    func isAsleep(_ job: JobID) -> Bool { state.withLock { $0.sleepers.values.contains { $0.job == job } } }

    /// When the next sleeper wakes.
    var nextMilliseconds: Int64? { state.withLock { $0.sleepers.values.map(\.wakeMilliseconds).min() } }

    /// Takes out the sleeper whose time has come, the one that fell asleep first if there are several.
    func takeDue() -> Sleeper? {
        state.withLock { state in
            let due = state.sleepers.values.filter { $0.wakeMilliseconds <= state.nowMilliseconds }
            let first = due.min { ($0.wakeMilliseconds, $0.number) < ($1.wakeMilliseconds, $1.number) }
            return first.flatMap { state.sleepers.removeValue(forKey: $0.number) }
        }
    }
}
