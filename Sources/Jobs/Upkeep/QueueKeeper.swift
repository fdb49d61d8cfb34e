public import Logging
public import Queue
public import ServiceLifecycle

/// Does the light, always safe part of the doctor's work every minute: counts what runs in each lane, and gives workers that
/// have claims and no lease one.
///
/// A worker of a release that knows no lanes leaves the count too high when it gives a dead worker's claims back; a lane
/// whose count has reached its cap that way would wait for ever. Any number may run.
public struct QueueKeeper: Service {
    private let doctor: QueueDoctor
    private let queues: [QueueName]
    private let clock: any MonotonicClock
    private let logger: Logger

    /// The pause between two looks, in ms.
    public static let intervalMilliseconds: Int64 = 60_000

    /// A keeper of these queues.
    public init(doctor: QueueDoctor, queues: [QueueName], clock: any MonotonicClock, logger: Logger) {
        self.doctor = doctor
        self.queues = queues
        self.clock = clock
        self.logger = logger
    }

    /// Looks every ``intervalMilliseconds`` until a shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await look()
                do { try await clock.sleep(milliseconds: Self.intervalMilliseconds) } catch { return }
            }
        }
    }

    private func look() async {
        do {
            let report = try await doctor.keepUp(queues)
            for finding in report.findings {
                logger.warning(
                    "repaired: \(finding.ailment.sentence)",
                    metadata: [
                        "problem": "\(finding.ailment.rawValue)", "queue": "\(finding.queue ?? "")",
                        "count": "\(finding.count)", "first": "\(finding.examples.first?.name ?? "")",
                    ])
            }
            for omission in report.omissions {
                logger.debug("not checked", metadata: ["queue": "\(omission.queue)", "reason": "\(omission.reason)"])
            }
        } catch {
            // Whatever is wrong, others say louder; the next look comes.
            logger.debug("the queues were not looked at", metadata: ["error": "\(error)"])
        }
    }
}
