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
    private let reasons = StopReasons()

    /// How often the running jobs' time limits are looked at, in ms.
    private static let sweepMilliseconds: Int64 = 1_000

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
        var held: [HeldJobs]
        /// Queues whose last trip failed: Redis may have claims of ours that we never heard of.
        var doubtful: Set<Int> = []
        /// Whether what is held may be others' by now.
        var mustLook = false
        var isListening = false
        var endMilliseconds = Int64.max
        var cancelAtMilliseconds = Int64.max
        var sweepAtMilliseconds: Int64
        var failedTrips = 0
    }

    func run() async {
        let now = clock.nowMilliseconds
        var state = State(
            planner: WorkPlanner(
                queueCount: options.queues.count, limits: .init(concurrency: options.concurrency),
                nowMilliseconds: now),
            settlements: Array(repeating: [], count: options.queues.count),
            held: Array(repeating: HeldJobs(), count: options.queues.count),
            sweepAtMilliseconds: now + Self.sweepMilliseconds)
        while await step(&state) {}
        // Whoever still waits to hear of its claim is told that nobody knows.
        for keep in state.keeps { keep.2.resume(returning: .failure(Inbox.stopped)) }
        inbox.close()
        for held in state.held { held.cancelAll() }
    }

    /// One event batch and what follows from it; false at the end.
    private func step(_ state: inout State) async -> Bool {
        for event in inbox.take() { hear(event, &state) }
        let now = clock.nowMilliseconds
        if now >= state.cancelAtMilliseconds {
            state.cancelAtMilliseconds = .max
            logger.warning("grace is over; jobs go back unspent", metadata: ["running": "\(state.planner.running)"])
            for held in state.held { held.cancelAll() }
        }
        guard now < state.endMilliseconds else {
            logger.warning(
                "jobs did not end in time; they go back unspent", metadata: ["running": "\(state.planner.running)"])
            await giveBack(&state)
            return false
        }
        if state.mustLook { await look(&state) }
        if now >= state.sweepAtMilliseconds { sweep(&state, nowMilliseconds: now) }
        switch state.planner.next(nowMilliseconds: now) {
        case .finished:
            return false
        case .trip(let calls):
            await travel(calls, &state)
        case .wait(let until, let listens):
            if listens, !state.isListening {
                state.isListening = true
                doorbell.listen(atMostMilliseconds: until - now)
            }
            let threshold = until == .max || listens ? 1 : max(1, options.concurrency / 4)
            let sweep = state.planner.running > 0 ? state.sweepAtMilliseconds : Int64.max
            await inbox.wait(
                minimum: threshold,
                untilMilliseconds: min(until, min(state.endMilliseconds, min(state.cancelAtMilliseconds, sweep))))
        }
        return true
    }

    private func hear(_ event: WorkEvent, _ state: inout State) {
        switch event {
        case .finished(let queue, let settlement):
            guard state.held[queue].ended(settlement.id, fence: settlement.fence) else { return }
            state.settlements[queue].append(settlement)
            state.planner.jobFinished(queue: queue)
        case .keep(let queue, let settlement, let waiter):
            state.keeps.append((queue, settlement, waiter))
            state.planner.settlementAdded(queue: queue)
        case .rang(let queue):
            state.isListening = false
            rang(queue, &state)
        case .silent:
            state.isListening = false
        case .cancel(let queue, let ids):
            cancel(ids, queue, &state)
        case .wasSilent:
            state.mustLook = true
        case .quiet:
            guard !state.planner.isQuiet else { return }
            logger.info("quiet: no more claims")
            state.planner.quiet()
        case .stop:
            guard !state.planner.isStopping else { return }
            state.planner.stop()
            state.cancelAtMilliseconds = clock.nowMilliseconds + options.graceMilliseconds
            state.endMilliseconds = state.cancelAtMilliseconds + HeldJobs.stopMilliseconds
        case .graceIsOver:
            state.cancelAtMilliseconds = min(state.cancelAtMilliseconds, clock.nowMilliseconds)
            state.endMilliseconds = clock.nowMilliseconds + HeldJobs.stopMilliseconds
        }
    }

    /// A wake-up that this worker cannot use is given to another.
    private func rang(_ queue: Int, _ state: inout State) {
        if state.planner.freeSlots > 0, state.planner.isClaiming {
            state.planner.rang(queue: queue)
            return
        }
        Task { [trips, logger] in
            do { try await trips.ring(queue: queue) } catch {
                logger.debug("a wake-up was lost", metadata: ["error": "\(error)"])
            }
        }
    }

    private func cancel(_ ids: [JobID], _ queue: Int, _ state: inout State) {
        let now = clock.nowMilliseconds
        for id in ids where state.held[queue].stop(id, because: .cancelled, reasons, nowMilliseconds: now) {
            logger.info("cancelling a job", metadata: ["job": "\(id)"])
        }
    }

    /// Stops jobs that were given to others while this worker was silent. Where Redis does not answer, the next step
    /// looks again.
    private func look(_ state: inout State) async {
        do {
            for queue in state.held.indices {
                let lost = try await trips.lost(queue: queue, of: state.held[queue].running)
                let now = clock.nowMilliseconds
                for id in lost {
                    _ = state.held[queue].stop(id, because: .claimLost, reasons, nowMilliseconds: now)
                }
                if !lost.isEmpty { logger.warning("claims were lost", metadata: ["jobs": "\(lost.count)"]) }
            }
            state.mustLook = false
        } catch {
            logger.debug("could not look after the claims", metadata: ["error": "\(error)"])
        }
    }

    /// Stops jobs whose time is over, and gives up those that do not stop: their slots go on, and what they may still
    /// answer is stale.
    private func sweep(_ state: inout State, nowMilliseconds now: Int64) {
        state.sweepAtMilliseconds = now + Self.sweepMilliseconds
        for queue in state.held.indices where !state.held[queue].isEmpty {
            let overdue = state.held[queue].overdue(nowMilliseconds: now)
            for id in overdue.late {
                _ = state.held[queue].stop(id, because: .late, reasons, nowMilliseconds: now)
            }
            for job in overdue.givenUp where state.held[queue].ended(job.id, fence: job.fence) {
                logger.warning("a job ignored its cancellation and was given up", metadata: ["job": "\(job.id)"])
                state.settlements[queue].append(givenUp(job))
                state.planner.jobFinished(queue: queue)
            }
        }
    }

    /// At the end of the last moment: what has not returned yet goes back at once instead of when the lease runs out, and
    /// without a crash being counted. What it may still answer is stale. One trip, whether it arrives or not.
    private func giveBack(_ state: inout State) async {
        for queue in state.held.indices {
            for job in state.held[queue].unended where state.held[queue].ended(job.id, fence: job.fence) {
                state.settlements[queue].append(.release(job))
                state.planner.jobFinished(queue: queue)
            }
        }
        if case .trip(let calls) = state.planner.next(nowMilliseconds: clock.nowMilliseconds) {
            await travel(calls, &state)
        }
    }

    private func givenUp(_ job: ClaimedJob) -> Settlement {
        let handler = registry[job.envelope.kind]
        switch reasons.take(for: job) {
        case .cancelled: return .cancelled(job)
        case .claimLost: return .release(job)
        case nil, .late, .workerStops: break
        }
        return .late(
            job, limit: job.timeLimitMilliseconds(handler), leavesTrace: handler?.leavesTrace ?? false)
    }

    private func travel(_ calls: [WorkPlanner.Call], _ state: inout State) async {
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
                for settlement in state.settlements[call.queue] {
                    state.held[call.queue].settled(settlement.id, fence: settlement.fence)
                }
                state.settlements[call.queue].removeAll(keepingCapacity: true)
            }
            state.planner.tripped(calls, hauls.map(\.answer), nowMilliseconds: clock.nowMilliseconds)
            for (call, haul) in zip(calls, hauls) {
                for keep in keeps where keep.queue == call.queue {
                    keep.2.resume(returning: .success(!haul.stale.contains(keep.1.id)))
                }
                begin(haul, call.queue, &state)
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
            let count = try await trips.reconcile(queue: queue, known: state.held[queue].ids)
            if count > 0 { logger.info("claims of a lost answer went back", metadata: ["jobs": "\(count)"]) }
            state.doubtful.remove(queue)
        }
    }

    private func begin(_ haul: WorkTrips.Haul, _ queue: Int, _ state: inout State) {
        for settlement in haul.unreadable {
            state.held[queue].add(idle: settlement.id)
            state.settlements[queue].append(settlement)
            state.planner.jobFinished(queue: queue)
        }
        let now = clock.nowMilliseconds
        let runner = JobRunner(
            registry: registry, queueIndex: queue, queue: options.queues[queue], inbox: inbox, reasons: reasons,
            clock: clock)
        for batch in JobBatch.split(haul.jobs) {
            for index in 0..<batch.count {
                let limit = now + batch[index].timeLimitMilliseconds(registry[batch[index].envelope.kind])
                state.held[queue].add(batch, index, limitMilliseconds: limit)
            }
            batch.start(with: runner)
        }
        if !haul.cancels.isEmpty { cancel(haul.cancels, queue, &state) }
    }
}
