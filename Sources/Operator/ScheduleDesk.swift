public import Jobs
public import Queue

/// Looks at schedules, and runs, pauses and resumes them.
public struct ScheduleDesk: Sendable {
    /// Next times that are shown unless somebody asks for more or fewer.
    public static let standardTimes = 10
    /// How many may be asked for.
    public static let times = 1...100

    private let client: ScheduleClient
    private let ledger: TickStore
    /// All schedules that there are.
    public let schedules: [ScheduledJob]

    /// A desk over connections to both servers; only ``ticks(of:beforeMilliseconds:count:)`` needs the ledger's.
    public init(queue: QueueClient, ledger: TickStore, schedules: [ScheduledJob] = JobSchedule.all) {
        client = ScheduleClient(queue)
        self.ledger = ledger
        self.schedules = schedules
    }

    /// The schedule of this name, if there is one.
    public func named(_ name: String) -> ScheduledJob? { schedules.first { $0.schedule.name == name } }

    /// How schedules stand, by default all. One round trip.
    ///
    /// - Parameter times: how many of the next times are shown, within ``times``.
    public func schedules(
        _ wanted: [ScheduledJob]? = nil, times: Int = standardTimes
    ) async throws(QueueError) -> [ScheduleResource] {
        try await client.status(of: wanted ?? schedules).map { ScheduleResource($0, times: times) }
    }

    /// Enqueues the schedule's job now, whether it is paused or not.
    ///
    /// - Returns: the job that does the work; one that an earlier tick left pending, where the schedule's jobs are unique.
    public func run(_ scheduled: ScheduledJob) async throws(QueueError) -> JobID { try await client.run(scheduled) }

    /// Lets ticks pass from now on, or fire again, and answers how the schedule stands then.
    public func setPaused(_ isPaused: Bool, _ scheduled: ScheduledJob) async throws(QueueError) -> ScheduleResource? {
        if isPaused { try await client.pause(scheduled) } else { try await client.resume(scheduled) }
        return try await schedules([scheduled]).first
    }

    /// The ledger of a schedule, the newest first: `count` ticks before a moment, and all that share the last one's moment.
    /// What happened in the last second may not be there yet.
    public func ticks(
        of scheduled: ScheduledJob, beforeMilliseconds: Int64? = nil, count: Int
    ) async throws(JobsError) -> Page<TickResource> {
        let ticks = try await ledger.latest(
            of: scheduled.schedule.name, in: scheduled.queue, beforeMilliseconds: beforeMilliseconds, count: count)
        return Page(
            items: ticks.map { TickResource($0) },
            nextCursor: ticks.count < count ? nil : ticks.last.map { "\($0.atMilliseconds)" })
    }
}
