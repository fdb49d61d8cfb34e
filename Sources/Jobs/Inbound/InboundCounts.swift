// Counted in memory, written once a second: a flood of what is refused costs the database one statement a second. What was
// counted since the last write is lost with a process that is killed.

public import Basics
public import Logging
public import Queue
public import ServiceLifecycle
import Synchronization

/// Counts what came in from Twenty, and what became of it.
public final class InboundCounts: Service {
    /// How often counts are written, in ms.
    static let intervalMilliseconds: Int64 = 1_000

    private let store: InboundStore
    private let wallClock: any WallClock
    private let clock: any MonotonicClock
    private let logger: Logger
    private let counts = Mutex<[String: Int64]>([:])

    /// Counts nothing yet.
    public init(store: InboundStore, wallClock: any WallClock, clock: any MonotonicClock, logger: Logger) {
        (self.store, self.wallClock, self.clock, self.logger) = (store, wallClock, clock, logger)
    }

    /// One more of these.
    ///
    /// - Parameter result: one of a few words, never a caller's.
    public func add(_ result: String) { counts.withLock { $0[result, default: 0] += 1 } }

    /// Writes until a shutdown, and once more then.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [clock] in
            while !Task.isCancelled {
                do { try await clock.sleep(milliseconds: Self.intervalMilliseconds) } catch { return }
                await self.write()
            }
        }
        await write()
    }

    /// What cannot be written now stays for the next time.
    func write() async {
        let counts = counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        guard !counts.isEmpty else { return }
        do throws(JobsError) {
            try await store.add(counts, nowMilliseconds: wallClock.nowMilliseconds())
        } catch {
            logger.debug("counts wait", metadata: ["error": "\(error)"])
            self.counts.withLock { $0.merge(counts, uniquingKeysWith: +) }
        }
    }
}
