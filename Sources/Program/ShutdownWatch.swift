// Threads: signals and the time limit are handled on one serial dispatch queue, which has a thread of its own. It works
// even while every thread of Swift's pool is blocked, which is just when someone sends the second signal.

internal import Dispatch
internal import Glibc
internal import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Listens for SIGTERM and SIGINT, and sees to it that a shutdown ends.
final class ShutdownWatch: Sendable {
    private let limitSeconds: Int
    private let logger: Logger
    private let queue = DispatchQueue(label: "program.shutdown")
    private let sequence = Mutex(ShutdownSequence())
    private let start = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter limitSeconds: the process ends this long after a shutdown has begun, whatever still runs.
    init(limitSeconds: Int, logger: Logger) {
        self.limitSeconds = limitSeconds
        self.logger = logger
    }

    /// Runs `group` while listening, which begins before the first service does. Afterwards the signals stay without
    /// effect until the process ends, which is to follow at once.
    func run(_ group: ServiceGroup) async throws {
        var sources: [any DispatchSourceSignal] = []
        for number in [SIGTERM, SIGINT] {
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { self.signalArrived(number, group: group) }
            await withCheckedContinuation { continuation in
                source.setRegistrationHandler { continuation.resume() }
                source.resume()
            }
            sources.append(source)
        }
        defer {
            for source in sources { source.cancel() }
        }
        try await group.run()
    }

    /// To be called when a service has thrown: the rest shuts down, within the same limits as after a signal.
    func serviceFailed() {
        perform(sequence.withLock { $0.serviceFailed() }, group: nil)
    }

    /// Whether a shutdown began longer ago than `limit`.
    func drainTook(longerThan limit: Duration) -> Bool {
        guard let start = start.withLock({ $0 }) else { return false }
        return start.duration(to: .now) >= limit
    }

    private func signalArrived(_ number: Int32, group: ServiceGroup) {
        logger.info("signal", metadata: ["signal": .string(number == SIGTERM ? "SIGTERM" : "SIGINT")])
        perform(sequence.withLock { $0.signalArrived(number) }, group: group)
    }

    private func perform(_ action: ShutdownSequence.Action, group: ServiceGroup?) {
        switch action {
        case .beginDraining:
            Task { await group?.triggerGracefulShutdown() }
            startTimeLimit()
        case .watch:
            startTimeLimit()
        case .endAtOnce(let code):
            ProcessControl.endAtOnce(code: code)
        case .nothing:
            break
        }
    }

    private func startTimeLimit() {
        start.withLock { $0 = .now }
        queue.asyncAfter(deadline: .now() + .seconds(limitSeconds)) { [limitSeconds] in
            let error = ProgramGroup.stillRunning(afterSeconds: limitSeconds)
            DescriptorWriter.standardError.write(line: Array((error.message + "\n").utf8))
            ProcessControl.endAtOnce(code: error.exitCode.rawValue)
        }
    }
}
