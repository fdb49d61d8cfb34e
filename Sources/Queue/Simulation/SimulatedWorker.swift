// The claim loop without time: the same trips, the same scripts, the same runner and settlements as `WorkLoop`, one job at
// a time. A job has the turn from its start, or from its waking, until it ends or sleeps by the simulation's clock; then
// the next one has it. So the order of everything follows from the scripts, and is the same each time.

import Redis

/// The worker of a ``QueueSimulation``, driven by it alone and only ever on it.
final class SimulatedWorker {
    private struct Running {
        let job: ClaimedJob
        let queue: Int
        let startMilliseconds: Int64
        let limitMilliseconds: Int64
    }

    private let registry: JobRegistry
    private let queues: [QueueName]
    private let concurrency: Int
    private let clock: SimulationClock
    private let inbox: Inbox
    private let makeID: @Sendable () -> JobID
    private let reasons = StopReasons()
    private var trips: WorkTrips
    private var held: [HeldJobs]
    private var settlements: [[Settlement]]
    private var dueMilliseconds: [Int64?]
    private var running: [JobID: Running] = [:]
    /// Every run that has ended, in order of its end.
    private(set) var runs: [SimulatedRun] = []

    /// Trips of one instant after which something is taken to go round in a circle.
    private static let maximumPasses = 10_000

    init(
        trips: WorkTrips, registry: JobRegistry, concurrency: Int, clock: SimulationClock, inbox: Inbox,
        makeID: @escaping @Sendable () -> JobID
    ) {
        self.trips = trips
        self.registry = registry
        self.concurrency = concurrency
        self.clock = clock
        self.inbox = inbox
        self.makeID = makeID
        queues = trips.queues
        held = Array(repeating: HeldJobs(), count: queues.count)
        settlements = Array(repeating: [], count: queues.count)
        dueMilliseconds = Array(repeating: nil, count: queues.count)
    }

    /// The next time at which something happens by itself: a job comes due, wakes, or has run for too long.
    var nextMilliseconds: Int64? {
        let limits = running.values.map(\.limitMilliseconds)
        return (dueMilliseconds.compactMap { $0 } + limits + [clock.nextMilliseconds].compactMap { $0 }).min()
    }

    /// Whether jobs run, or wait for their time.
    var isIdle: Bool { running.isEmpty && dueMilliseconds.allSatisfy { $0 == nil } }

    /// Claims, runs and settles until nothing more can happen at this time.
    func work() async throws(QueueError) {
        var isMoving = true
        var passes = 0
        while isMoving {
            isMoving = false
            passes += 1
            guard passes <= Self.maximumPasses else {
                throw QueueError(.limitExceeded, "jobs follow each other without end at \(clock.nowMilliseconds) ms")
            }
            for queue in queues.indices where try await trip(queue) { isMoving = true }
        }
    }

    /// Wakes and stops whom the time tells to.
    func awake() async throws(QueueError) {
        while let sleeper = clock.takeDue() {
            sleeper.continuation.resume()
            if let job = sleeper.job { try await giveTurn(to: job) }
        }
        let now = clock.nowMilliseconds
        let late = running.values.filter { $0.limitMilliseconds <= now }
            .sorted { ($0.limitMilliseconds, $0.job.id.description) < ($1.limitMilliseconds, $1.job.id.description) }
        for run in late { try await stop(run.job.id, in: run.queue, because: .late) }
    }

    /// Stops what runs and forgets what it comes to.
    func end() async throws(QueueError) {
        for run in running.values.sorted(by: { $0.job.id.description < $1.job.id.description }) {
            held[run.queue].cancelAll()
            try await giveTurn(to: run.job.id)
        }
        inbox.close()
    }

    /// One trip and what comes of it; whether another may find more.
    private func trip(_ queue: Int) async throws(QueueError) -> Bool {
        let want = max(0, concurrency - running.count)
        let haul = try await settle(queue, want: want, more: [])
        let now = clock.nowMilliseconds
        dueMilliseconds[queue] = haul.answer.untilDueMilliseconds.map { now + $0 }
        settlements[queue] += haul.unreadable
        for job in haul.jobs { try await begin(job, in: queue) }
        for id in haul.cancels { try await stop(id, in: queue, because: .cancelled) }
        let isDue = haul.answer.untilDueMilliseconds == 0
        return haul.answer.claimed > 0 || isDue || !settlements[queue].isEmpty
    }

    private func settle(
        _ queue: Int, want: Int, more: [Settlement]
    ) async throws(QueueError) -> WorkTrips.Haul {
        trips.scriptTimeMilliseconds = clock.nowMilliseconds
        let load = more + settlements[queue]
        settlements[queue] = []
        let hauls = try await trips.make([.init(queue: queue, want: want)], settlements: [load])
        guard let haul = hauls.first else { throw QueueClient.unexpectedReply }
        for settlement in load where settlement.id != more.first?.id {
            held[queue].settled(settlement.id, fence: settlement.fence)
        }
        return haul
    }

    private func begin(_ job: ClaimedJob, in queue: Int) async throws(QueueError) {
        let now = clock.nowMilliseconds
        let limit = now + job.timeLimitMilliseconds(registry[job.envelope.kind])
        let runner = JobRunner(
            registry: registry, queueIndex: queue, queue: queues[queue], inbox: inbox, reasons: reasons, clock: clock,
            makeID: makeID)
        running[job.id] = Running(job: job, queue: queue, startMilliseconds: now, limitMilliseconds: limit)
        let batch = JobBatch([job])
        held[queue].add(batch, 0, limitMilliseconds: limit)
        SimulationClock.$job.withValue(job.id) { batch.start(with: runner) }
        try await giveTurn(to: job.id)
    }

    private func stop(_ id: JobID, in queue: Int, because reason: StopReason) async throws(QueueError) {
        if held[queue].stop(id, because: reason, reasons, nowMilliseconds: clock.nowMilliseconds) {
            try await giveTurn(to: id)
        }
    }

    /// Waits, in real time, until the job has ended or sleeps.
    private func giveTurn(to id: JobID) async throws(QueueError) {
        while running[id] != nil, !clock.isAsleep(id) {
            await inbox.wait(minimum: 1, untilMilliseconds: .max)
            for event in inbox.take() { try await hear(event) }
        }
    }

    private func hear(_ event: WorkEvent) async throws(QueueError) {
        switch event {
        case .finished(let queue, let settlement):
            guard held[queue].ended(settlement.id, fence: settlement.fence),
                let run = running.removeValue(forKey: settlement.id)
            else { return }
            settlements[queue].append(settlement)
            runs.append(
                SimulatedRun(
                    settlement, of: run.job, in: queues[queue], from: run.startMilliseconds,
                    to: clock.nowMilliseconds))
        case .keep(let queue, let settlement, let waiter):
            do {
                let haul = try await settle(queue, want: 0, more: [settlement])
                waiter.resume(returning: .success(!haul.stale.contains(settlement.id)))
            } catch {
                waiter.resume(returning: .failure(error))
                throw error
            }
        case .rang, .silent, .cancel, .wasSilent, .quiet, .stop, .graceIsOver:
            break
        }
    }
}
