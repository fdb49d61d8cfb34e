// A backfill is rows in Postgres, one for each workspace, and a job for each that is to be done. The rows are written
// first: should a job not be enqueued after that, or be lost, whoever looks at the backfill next enqueues it, under a
// key that allows one.

public import Basics
public import Jobs
public import Queue

/// Starts backfills and looks after them.
public struct BackfillDesk: Sendable {
    private let store: BackfillStore
    private let queue: QueueClient
    private let submit: DurableQueue
    private let clock: any WallClock

    /// Jobs that are enqueued together.
    private static let jobsPerSubmission = 500

    /// Another backfill runs, which is not the one that was asked for.
    public struct Refusal: Error, Sendable {
        /// For people.
        public let reason: String
    }

    /// What a new backfill is to be.
    public struct Wish: Sendable {
        /// What is done with each workspace.
        public var plan: BackfillPlan
        /// Ids or subdomains that were asked for; empty for all.
        public var selection: [String]
        /// What its jobs need.
        public var secrets: BackfillSecrets
        /// Workspaces a minute.
        public var pacePerMinute: Int

        /// All of it.
        public init(plan: BackfillPlan, selection: [String], secrets: BackfillSecrets, pacePerMinute: Int) {
            (self.plan, self.selection, self.secrets) = (plan, selection, secrets)
            self.pacePerMinute = pacePerMinute
        }
    }

    /// A desk over the rows and the queue.
    public init(store: BackfillStore, queue: QueueClient, submit: DurableQueue, clock: any WallClock) {
        (self.store, self.queue, self.submit, self.clock) = (store, queue, submit, clock)
    }

    /// Starts one; or goes on with the one that runs, if it is for the same workspaces and telephony, with the
    /// credentials and the pace of now.
    ///
    /// - Returns: it, and whether it had been started before.
    /// - Throws: ``Refusal``, `SecretsError`, `JobsError`, `QueueError`.
    public func start(_ wish: Wish, _ keyring: SecretsKeyring) async throws -> (backfill: Backfill, isResumed: Bool) {
        let now = clock.nowMilliseconds()
        let telephony = wish.secrets.telephony?.description
        let id = Backfill.makeID(nowMilliseconds: now)
        var started = try await store.insert(
            id: id, wish.plan, selection: wish.selection, telephony: telephony, pacePerMinute: wish.pacePerMinute,
            secrets: try wish.secrets.sealed(for: id, keyring), nowMilliseconds: now)
        let isResumed = started == nil
        if isResumed, let running = try await store.running() {
            try Self.compare(running, wish, telephony)
            started = try await store.renew(
                running.id, secrets: try wish.secrets.sealed(for: running.id, keyring),
                pacePerMinute: wish.pacePerMinute)
        }
        guard let backfill = started else { throw Refusal(reason: "another backfill has just ended; ask again") }
        _ = try await attend(backfill)
        return (backfill, isResumed)
    }

    private static func compare(_ running: Backfill, _ wish: Wish, _ telephony: String?) throws {
        let difference: String? =
            if running.mode != wish.plan.mode {
                running.mode == .full ? "sets Hubs up" : "brings members"
            } else if running.selection != wish.selection {
                running.selection.isEmpty
                    ? "is for all workspaces" : "is for \(running.selection.joined(separator: ", "))"
            } else if running.telephony != telephony {
                "has other telephony (\(running.telephony ?? "none"))"
            } else {
                nil
            }
        guard let difference else { return }
        throw Refusal(
            reason: "backfill \(running.id) runs already and \(difference); let it end, or end it with --cancel")
    }

    /// Sees to it that every workspace that is still to be done has a job, and that none waits for a job that is dead.
    ///
    /// - Returns: the job of the first one; nil when none is left.
    /// - Throws: `JobsError`, `QueueError`.
    public func attend(_ backfill: Backfill) async throws -> JobID? {
        try await queue.setLimits(backfill.limits, ofLane: backfill.lane, in: JobQueue.hub)
        var open: [BackfillItem] = []
        for item in try await store.open(of: backfill.id) {
            guard let job = item.job, case .present(let view)? = try await queue.job(job, in: [JobQueue.hub]),
                view.state == .dead
            else {
                open.append(item)
                continue
            }
            let reason = "its job \(job) is in the dead set: \(view.lastError?.message ?? "for no known reason")"
            try await store.end(item.workspace.id, of: backfill.id, as: .failed, reason)
        }
        var first: JobID?
        for start in stride(from: 0, to: open.count, by: Self.jobsPerSubmission) {
            let now = clock.nowMilliseconds()
            let jobs = open[start..<min(start + Self.jobsPerSubmission, open.count)].map {
                BackfillHandler.job($0.workspace.id, of: backfill, nowMilliseconds: now)
            }
            let (items, _) = try await submit.enqueue(jobs, to: JobQueue.hub)
            first = first ?? items.first?.id
        }
        if open.isEmpty { _ = try await store.close(backfill.id) }
        return first
    }

    /// Ends the one that runs: what has begun ends, the rest is cancelled. Nil when none runs. Throws `JobsError`,
    /// `QueueError`.
    public func cancel() async throws -> Backfill? {
        guard let running = try await store.running(), let cancelled = try await store.cancel(running.id) else {
            return nil
        }
        try await queue.setLimits(nil, ofLane: cancelled.lane, in: JobQueue.hub)
        return cancelled
    }

    /// One; nil when there is none. Throws `JobsError`.
    public func find(_ id: String) async throws(JobsError) -> Backfill? { try await store.find(id) }

    /// All workspaces of one. Throws `JobsError`.
    public func items(of id: String) async throws(JobsError) -> [BackfillItem] { try await store.items(of: id) }

    /// Those that ended at a moment or later. Throws `JobsError`.
    public func ended(of id: String, sinceMilliseconds: Int64) async throws(JobsError) -> [BackfillItem] {
        try await store.ended(of: id, sinceMilliseconds: sinceMilliseconds)
    }
}
