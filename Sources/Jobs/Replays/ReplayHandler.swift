// One run of `replay.run` does one batch: mark it in Postgres, enqueue it, count it. Dying between two of these is harmless:
// the next run finds the mark and does the same batch again, and Redis knows it by its receipt.

public import Basics
public import Logging
public import Queue

/// Runs `replay.run` jobs.
public struct ReplayHandler: Sendable {
    let store: ReplayStore
    let queue: QueueClient
    let endpoints: EndpointDirectory
    let pushRetry: RetryPolicy
    let clock: any WallClock
    let logger: Logger
    /// Told of each step before the next; tests die there.
    let reach: @Sendable (Step) throws -> Void

    /// What a run does one after the other.
    enum Step: Sendable, CaseIterable {
        case marked, submitted, counted
    }

    /// How long it waits while the lane is full, and while the last deliveries are on their way, in ms.
    private static let fullMilliseconds: Int64 = 250
    private static let sweepMilliseconds: Int64 = 500
    private static let faultMilliseconds: Int64 = 1_000
    /// After this long another job goes on, in ms: the crashes that a job may have are not meant for hours.
    static let shiftMilliseconds: Int64 = 60_000

    /// - Parameters:
    ///   - endpoints: kept fresh by somebody else.
    ///   - pushRetry: of engagement pushes.
    public init(
        store: ReplayStore, queue: QueueClient, endpoints: EndpointDirectory, pushRetry: RetryPolicy,
        clock: any WallClock, logger: Logger
    ) {
        self.init(
            store: store, queue: queue, endpoints: endpoints, pushRetry: pushRetry, clock: clock, logger: logger,
            reach: { _ in })
    }

    init(
        store: ReplayStore, queue: QueueClient, endpoints: EndpointDirectory, pushRetry: RetryPolicy,
        clock: any WallClock, logger: Logger, reach: @escaping @Sendable (Step) throws -> Void
    ) {
        self.store = store
        self.queue = queue
        self.endpoints = endpoints
        self.pushRetry = pushRetry
        self.clock = clock
        self.logger = logger
        self.reach = reach
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.replayRun, queue: JobQueue.upkeep) { job in
            guard let id = Self.replayID(job.arguments) else { return .bury(reason: "its arguments cannot be read") }
            do {
                return try await run(id, runner: job.id)
            } catch let error as JobsError where error.isRetriable {
                return .defer(milliseconds: Self.faultMilliseconds, reason: error.message)
            }
        }
    }

    /// One step; its outcome is the job's.
    func run(_ id: String, runner: JobID) async throws -> JobOutcome {
        guard let replay = try await store.find(id) else { return .done(note: "there is no such replay") }
        guard replay.runner == runner else { return .done(note: "another job works through it") }
        switch replay.state {
        case .running: return try await step(replay, runner)
        case .cancelled:
            guard try await ReplaySweep(store: store, queue: queue).run(replay) else {
                return .defer(milliseconds: Self.sweepMilliseconds, reason: "the last deliveries end")
            }
            try await store.settle(id)
            return .done(note: "cancelled")
        case .paused, .done, .failed: return .done(note: replay.state.rawValue)
        }
    }

    private func step(_ replay: Replay, _ runner: JobID) async throws -> JobOutcome {
        let startedAt = clock.nowMilliseconds()
        guard let snapshot = await endpoints.snapshot() else {
            return .defer(milliseconds: Self.faultMilliseconds, reason: "the endpoints cannot be read now")
        }
        let only = replay.filter.fields[.endpoint].flatMap { snapshot[id: $0] }
        try await queue.setLimits(replay.limits(for: only), ofLane: replay.lane, in: JobQueue.webhooks)
        let lane = try await queue.status(ofLane: replay.lane, in: JobQueue.webhooks)
        if replay.batchEnd == nil, lane.waiting >= replay.backlogCount {
            return .defer(milliseconds: Self.fullMilliseconds, reason: "its lane is full")
        }
        guard let marked = try await store.begin(replay, runner: runner, count: replay.batchCount) else {
            return .defer(milliseconds: 0, reason: "its state has changed")
        }
        guard marked.batchEnd != nil else {
            guard lane.waiting == 0, lane.running == 0 else {
                return .defer(milliseconds: Self.fullMilliseconds, reason: "the last deliveries go out")
            }
            try await store.end(replay.id, runner: runner, as: .done)
            logger.info("a replay is done", metadata: ["replay": "\(replay.id)", "sent": "\(replay.sent)"])
            return .done(note: "\(replay.sent) sent")
        }
        try reach(.marked)
        guard let outcome = try await send(marked, snapshot, runner) else {
            return try await next(marked, runner, startedAt)
        }
        return outcome
    }

    /// Enqueues and counts the batch under way; nil when that is done.
    private func send(_ replay: Replay, _ snapshot: EndpointSnapshot, _ runner: JobID) async throws -> JobOutcome? {
        let plan = try await plan(replay, snapshot)
        var sent = 0
        if !plan.jobs.isEmpty {
            let receipt = Receipt(key: "replay:\(replay.id):\(replay.cursor)", digest: replay.batchEnd ?? "")
            let submission = Submission(receipt: receipt, groups: [.init(jobs: plan.jobs)])
            switch try await queue.submit(submission, to: JobQueue.webhooks) {
            // Of a batch that is there already, as many as there were the first time.
            case .accepted(let groups): sent = groups.reduce(0) { $0 + $1.jobs.count }
            case .full(let waiting):
                return .defer(milliseconds: Self.faultMilliseconds, reason: "\(waiting) jobs wait in the queue")
            case .conflict:
                let reason = "the batch behind \(replay.cursor) was enqueued with another end"
                try await store.end(replay.id, runner: runner, as: .failed, error: reason)
                return .bury(reason: reason)
            }
        }
        try reach(.submitted)
        _ = try await store.count(replay, sent: sent, skipped: plan.skipped)
        try reach(.counted)
        return nil
    }

    /// Goes on after a pause, a little early, since the lane keeps the pace; now and then as another job.
    private func next(_ replay: Replay, _ runner: JobID, _ startedAt: Int64) async throws -> JobOutcome {
        let now = clock.nowMilliseconds()
        let pause = max(0, Int64(replay.batchCount) * 800 / Int64(replay.pace) - max(0, now - startedAt))
        guard now - runner.createdMilliseconds > Self.shiftMilliseconds else {
            return .defer(milliseconds: pause, reason: "it keeps its pace")
        }
        var job = Self.job(replay.id, nowMilliseconds: now)
        job.delayMilliseconds = pause
        guard try await store.hand(replay.id, from: runner, to: job.id) else {
            return .done(note: "another job works through it")
        }
        return .done(note: "another job goes on", then: [job])
    }

    /// The job that works through a replay.
    public static func job(_ id: String, nowMilliseconds: Int64) -> NewJob {
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        writer.key("replay")
        writer.string(id)
        writer.endObject()
        return NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.replayRun, arguments: writer.bytes,
            policy: JobPolicy.internalWork)
    }

    static func replayID(_ arguments: [UInt8]) -> String? {
        do throws(JSONError) { return try JSONParser.parse(arguments).object?["replay"]?.string } catch { return nil }
    }
}
