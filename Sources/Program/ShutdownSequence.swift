/// Decides what a termination signal, or a service that failed, means. Pure: no signal, no clock, no exit.
struct ShutdownSequence {
    enum Action: Equatable {
        /// Begin the graceful shutdown and the watch over its time.
        case beginDraining
        /// Only begin the watch: the service group shuts down by itself.
        case watch
        /// End the process now with this code.
        case endAtOnce(code: Int32)
        case nothing
    }

    private var isSignalled = false
    private var isWatched = false

    /// SIGTERM or SIGINT: the first drains; a second of either ends the process as the signal itself would have.
    mutating func signalArrived(_ number: Int32) -> Action {
        guard !isSignalled else { return .endAtOnce(code: 128 + number) }
        isSignalled = true
        isWatched = true
        return .beginDraining
    }

    /// A service threw.
    mutating func serviceFailed() -> Action {
        guard !isWatched else { return .nothing }
        isWatched = true
        return .watch
    }
}
