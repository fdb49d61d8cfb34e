// Fires schedules. Any number of processes may run one: each plans by itself, and the script lets one of them move a
// schedule past a tick. What a process remembers is only a hint; the truth is in Redis.

public import Logging
public import ServiceLifecycle
import Threads

/// Moves schedules past their ticks, on time and once each.
public struct Ticker: Service {
    private let schedules: [ScheduledJob]
    private let client: ScheduleClient
    private let clock: any MonotonicClock
    private let logger: Logger
    private let start = Start()

    /// The longest sleep, in ms: Redis's clock may be set, and another process may pause a schedule.
    private static let longestSleepMilliseconds: Int64 = 10_000
    private static let faultPauseMilliseconds: Int64 = 1_000

    /// - Precondition: no two schedules of one queue share a name.
    public init(
        schedules: [ScheduledJob], client: QueueClient, clock: any MonotonicClock = SystemMonotonicClock(),
        logger: Logger
    ) {
        let names = schedules.map { "\($0.queue) \($0.schedule.name)" }
        precondition(Set(names).count == names.count, "two schedules share a name")
        self.schedules = schedules
        self.client = ScheduleClient(client)
        self.clock = clock
        self.logger = logger
    }

    /// Fires until a shutdown.
    public func run() async throws {
        guard !schedules.isEmpty else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                let pause: Int64
                do throws(QueueError) {
                    pause = min(try await tick() ?? .max, Self.longestSleepMilliseconds)
                    if isFailing { logger.info("schedules are fired again") }
                    isFailing = false
                } catch {
                    if !isFailing { logger.warning("schedules wait", metadata: ["reason": "\(error)"]) }
                    isFailing = true
                    pause = Self.faultPauseMilliseconds
                }
                do { try await clock.sleep(milliseconds: max(1, pause)) } catch { return }
            }
        }
    }

    /// Moves every schedule to now.
    ///
    /// - Returns: ms until the next tick; nil when there is none.
    @discardableResult
    func tick() async throws(QueueError) -> Int64? { try await tick(client) }

    /// The same by a client's clock, which may be a test's.
    @discardableResult
    func tick(_ client: ScheduleClient) async throws(QueueError) -> Int64? {
        var next: Int64?
        var now: Int64 = 0
        for status in try await client.status(of: schedules) {
            now = status.nowMilliseconds
            let scheduled = status.scheduled
            let plan = scheduled.schedule.plan(lastMilliseconds: last(status), nowMilliseconds: now)
            if plan.lastMilliseconds != status.lastMilliseconds {
                let move = try await client.move(scheduled, plan, from: status.lastMilliseconds)
                tell(move, plan, scheduled)
            }
            if let following = scheduled.schedule.next(after: max(plan.lastMilliseconds, now)) {
                next = min(next ?? .max, following)
            }
        }
        return next.map { $0 - now }
    }

    /// From where to plan on. A release whose pattern or zone is another owes nothing of the time before it: what its
    /// pattern says there was never due. While both releases run, each fires what its own pattern says since it runs.
    private func last(_ status: ScheduleStatus) -> Int64? {
        let start = start.milliseconds(firstSeen: status.nowMilliseconds)
        guard let last = status.lastMilliseconds, let times = status.times, times != status.scheduled.times else {
            return status.lastMilliseconds
        }
        return max(last, min(start, status.nowMilliseconds))
    }

    /// When this ticker looked first, by Redis's clock.
    private final class Start: Sendable {
        private let first = Locked<Int64?>(nil)

        func milliseconds(firstSeen now: Int64) -> Int64 {
            first.withLock { first in
                first = first ?? now
                return first ?? now
            }
        }
    }

    private func tell(_ move: ScheduleClient.Move, _ plan: CronSchedule.Plan, _ scheduled: ScheduledJob) {
        guard case .moved(let jobs) = move else { return }
        for (target, job) in zip(plan.fires, jobs) {
            guard let job else { continue }
            logger.info(
                "schedule fired",
                metadata: ["schedule": "\(scheduled.schedule.name)", "target": "\(target)", "job": "\(job)"])
        }
    }
}
