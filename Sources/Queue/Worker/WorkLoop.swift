import Logging

/// The claim loop: events in, trips and job tasks out. What to do next is decided by ``WorkPlanner``.
struct WorkLoop: Sendable {
    private let options: WorkerOptions
    private let registry: JobRegistry
    private let trips: WorkTrips
    private let doorbell: Doorbell
    private let inbox: Inbox
    private let clock: any MonotonicClock
    private let logger: Logger

    /// How long cancelled jobs may take to return, in ms, before the loop leaves them to the lease.
    private static let cancellationMilliseconds: Int64 = 2_000

    init(
        options: WorkerOptions, registry: JobRegistry, trips: WorkTrips, doorbell: Doorbell, inbox: Inbox,
        clock: any MonotonicClock, logger: Logger
    ) {
        self.options = options
        self.registry = registry
        self.trips = trips
        self.doorbell = doorbell
        self.inbox = inbox
        self.clock = clock
        self.logger = logger
    }

    /// What the loop carries from step to step.
    private struct State {
        var planner: WorkPlanner
        var settlements: [[Settlement]]
        var keeps: [(queue: Int, Settlement, CheckedContinuation<Result<Bool, QueueError>, Never>)] = []
        /// Per queue, the jobs whose claims stand in Redis as far as this worker knows.
        var held: [Set<JobID>]
        /// Queues whose last trip failed: Redis may have claims of ours that we never heard of.
        var doubtful: Set<Int> = []
        var isListening = false
        var endMilliseconds = Int64.max
        var cancelAtMilliseconds = Int64.max
        var failedTrips = 0
    }

    func run() async {
        var state = State(
            planner: WorkPlanner(
                queueCount: options.queues.count, limits: .init(concurrency: options.concurrency),
                nowMilliseconds: clock.nowMilliseconds),
            settlements: Array(repeating: [], count: options.queues.count),
            held: Array(repeating: [], count: options.queues.count))
        await withDiscardingTaskGroup { jobs in
            while await step(&state, &jobs) {}
            // Whoever still waits to hear of its claim is told that nobody knows.
            for keep in state.keeps { keep.2.resume(returning: .failure(Inbox.stopped)) }
            inbox.close()
            jobs.cancelAll()
        }
    }

    /// One event batch and what follows from it; false at the end.
    private func step(_ state: inout State, _ jobs: inout DiscardingTaskGroup) async -> Bool {
        for event in inbox.take() { hear(event, &state, &jobs) }
        let now = clock.nowMilliseconds
        if now >= state.cancelAtMilliseconds {
            state.cancelAtMilliseconds = .max
            logger.warning("grace is over; jobs go back unspent", metadata: ["running": "\(state.planner.running)"])
            jobs.cancelAll()
        }
        guard now < state.endMilliseconds else {
            logger.warning("jobs ignored their cancellation", metadata: ["running": "\(state.planner.running)"])
            return false
        }
        switch state.planner.next(nowMilliseconds: now) {
        case .finished:
            return false
        case .trip(let calls):
            await travel(calls, &state, &jobs)
        case .wait(let until, let listens):
            if listens, !state.isListening {
                state.isListening = true
                doorbell.listen(atMostMilliseconds: until - now)
            }
            let threshold = until == .max || listens ? 1 : max(1, options.concurrency / 4)
            await inbox.wait(
                minimum: threshold,
                untilMilliseconds: min(until, min(state.endMilliseconds, state.cancelAtMilliseconds)))
        }
        return true
    }

    private func hear(_ event: WorkEvent, _ state: inout State, _ jobs: inout DiscardingTaskGroup) {
        switch event {
        case .finished(let queue, let settlement):
            state.settlements[queue].append(settlement)
            state.planner.jobFinished(queue: queue)
        case .keep(let queue, let settlement, let waiter):
            state.keeps.append((queue, settlement, waiter))
            state.planner.settlementAdded(queue: queue)
        case .rang(let queue):
            state.isListening = false
            if state.planner.freeSlots > 0, !state.planner.isStopping {
                state.planner.rang(queue: queue)
            } else {
                jobs.addTask { [trips, logger] in
                    do { try await trips.ring(queue: queue) } catch {
                        logger.debug("a wake-up was lost", metadata: ["error": "\(error)"])
                    }
                }
            }
        case .silent:
            state.isListening = false
        case .stop:
            guard !state.planner.isStopping else { return }
            state.planner.stop()
            state.cancelAtMilliseconds = clock.nowMilliseconds + options.graceMilliseconds
            state.endMilliseconds = state.cancelAtMilliseconds + Self.cancellationMilliseconds
        case .graceIsOver:
            state.cancelAtMilliseconds = min(state.cancelAtMilliseconds, clock.nowMilliseconds)
            state.endMilliseconds = clock.nowMilliseconds + Self.cancellationMilliseconds
        }
    }

    private func travel(
        _ calls: [WorkPlanner.Call], _ state: inout State, _ jobs: inout DiscardingTaskGroup
    ) async {
        let keeps = state.keeps
        state.keeps = []
        let loads = calls.map { call in
            keeps.filter { $0.queue == call.queue }.map(\.1) + state.settlements[call.queue]
        }
        do {
            try await clearDoubts(&state)
            if loads.contains(where: { !$0.isEmpty }) { FaultPoint.reach(.workerBeforeSettle) }
            let hauls = try await trips.make(calls, settlements: loads)
            if loads.contains(where: { !$0.isEmpty }) { FaultPoint.reach(.workerAfterSettle) }
            if hauls.contains(where: { !$0.jobs.isEmpty }) { FaultPoint.reach(.workerClaimed) }
            if state.failedTrips > 0 { logger.info("Redis is back", metadata: ["failed": "\(state.failedTrips)"]) }
            state.failedTrips = 0
            for call in calls {
                for settlement in state.settlements[call.queue] { state.held[call.queue].remove(settlement.id) }
                state.settlements[call.queue].removeAll(keepingCapacity: true)
            }
            state.planner.tripped(calls, hauls.map(\.answer), nowMilliseconds: clock.nowMilliseconds)
            for (call, haul) in zip(calls, hauls) {
                for keep in keeps where keep.queue == call.queue {
                    keep.2.resume(returning: .success(!haul.stale.contains(keep.1.id)))
                }
                begin(haul, call.queue, &state, &jobs)
            }
        } catch {
            state.failedTrips += 1
            if state.failedTrips == 1 { logger.warning("Redis is away", metadata: ["error": "\(error)"]) }
            for keep in keeps { keep.2.resume(returning: .failure(error)) }
            state.doubtful.formUnion(calls.map(\.queue))
            state.planner.tripFailed(nowMilliseconds: clock.nowMilliseconds)
        }
    }

    private func clearDoubts(_ state: inout State) async throws(QueueError) {
        for queue in state.doubtful {
            let count = try await trips.reconcile(queue: queue, known: state.held[queue])
            if count > 0 { logger.info("claims of a lost answer went back", metadata: ["jobs": "\(count)"]) }
            state.doubtful.remove(queue)
        }
    }

    private func begin(
        _ haul: WorkTrips.Haul, _ queue: Int, _ state: inout State, _ jobs: inout DiscardingTaskGroup
    ) {
        for settlement in haul.unreadable {
            state.held[queue].insert(settlement.id)
            state.settlements[queue].append(settlement)
            state.planner.jobFinished(queue: queue)
        }
        let runner = JobRunner(registry: registry, queueIndex: queue, queue: options.queues[queue], inbox: inbox)
        for job in haul.jobs {
            state.held[queue].insert(job.id)
            jobs.addTask { await runner.run(job) }
        }
    }
}
