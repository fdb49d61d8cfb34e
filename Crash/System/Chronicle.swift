import Synchronization

/// Something that was wrong for a while.
struct Disturbance: Sendable, Hashable, CustomStringConvertible {
    /// `worker-1`, `redis`, …
    let subject: String
    let action: String
    /// Since the run began, in ms.
    let start: Int64
    /// When it was undone; `.max` until then and for what never is.
    var end = Int64.max

    var description: String {
        "\(action) \(subject) at \(start) ms" + (end == .max ? "" : ", over at \(end) ms")
    }
}

/// A worker that lost its hold on its jobs, or was to lose it.
struct Bereavement: Sendable, Hashable {
    let worker: String
    let action: String
    /// Since the run began, in ms.
    let at: Int64
    /// The jobs that it held then; nil when Redis could not be asked in time.
    var held: Set<String>?
    /// Of a frozen one: those that it had lost by the time it came back.
    var taken: Set<String> = []
    /// Of a frozen one: results that were refused for their fence until then and until the end.
    var staleBefore: Int64?
}

/// What was done to the system, and when.
final class Chronicle: Sendable {
    private struct State {
        var disturbances: [Disturbance] = []
        var bereavements: [Bereavement] = []
        var complaints: [String] = []
        var reached: [String] = []
    }

    let clock = RunClock()
    private let state = Mutex(State())

    var disturbances: [Disturbance] { state.withLock { $0.disturbances } }
    var bereavements: [Bereavement] { state.withLock { $0.bereavements } }
    /// What the programs did that they must not.
    var complaints: [String] { state.withLock { $0.complaints } }
    /// Named points at which a process died.
    var reached: [String] { state.withLock { $0.reached } }

    /// Its number, for ``end(_:)``.
    func begin(_ subject: String, _ action: String) -> Int {
        let now = clock.now
        return state.withLock { state in
            state.disturbances.append(Disturbance(subject: subject, action: action, start: now))
            return state.disturbances.count - 1
        }
    }

    func end(_ number: Int) {
        let now = clock.now
        state.withLock { $0.disturbances[number].end = now }
    }

    func add(_ bereavement: Bereavement) { state.withLock { $0.bereavements.append(bereavement) } }

    func complain(_ text: String) { state.withLock { $0.complaints.append(text) } }

    func reach(_ point: String) { state.withLock { $0.reached.append(point) } }
}
