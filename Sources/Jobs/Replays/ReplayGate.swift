// Before each run of a replay's delivery somebody has to know whether the replay still goes on, and reading its row each
// time would cost more than the delivery. So a process believes what it read for half a second.

public import Queue
import Threads

/// Holds up the deliveries of a replay that is paused, and ends those of one that was cancelled.
public final class ReplayGate: Sendable {
    private struct Known {
        var state: Replay.State?
        var readAt: Int64
    }

    private let known = Locked<[String: Known]>([:])
    private let read: @Sendable (String) async throws(JobsError) -> Replay.State?
    private let cancel: @Sendable (JobID) async throws(QueueError) -> Void
    private let clock: any MonotonicClock

    /// For how long what was read is believed, in ms.
    static let trustMilliseconds: Int64 = 500
    /// How long a lane is left alone at a time while its replay is paused, in ms: so long a resume takes.
    private static let restMilliseconds: Int64 = 1_000
    private static let maximumKnown = 1_000

    /// - Parameter queue: where the deliveries are cancelled.
    public convenience init(
        store: ReplayStore, queue: QueueClient, clock: any MonotonicClock = SystemMonotonicClock()
    ) {
        self.init(
            read: { id throws(JobsError) in try await store.find(id)?.state },
            cancel: { job throws(QueueError) in
                _ = try await queue.cancel(job, in: JobQueue.webhooks, note: ReplaySweep.note)
            }, clock: clock)
    }

    init(
        read: @escaping @Sendable (String) async throws(JobsError) -> Replay.State?,
        cancel: @escaping @Sendable (JobID) async throws(QueueError) -> Void, clock: any MonotonicClock
    ) {
        self.read = read
        self.cancel = cancel
        self.clock = clock
    }

    /// A handler of deliveries behind this gate.
    public func before(_ handler: JobHandler) -> JobHandler {
        handler.behind { job in try await self.outcome(job.id, lane: job.lane) }
    }

    /// What becomes of a job instead of a run; nil when it may run.
    func outcome(_ job: JobID, lane: String) async throws -> JobOutcome? {
        guard let id = Replay.id(ofLane: lane) else { return nil }
        let state: Replay.State?
        do throws(JobsError) { state = try await self.state(of: id) } catch {
            return Self.resting("whether its replay goes on cannot be read now")
        }
        switch state {
        case .running, .done, nil: return nil
        case .paused: return Self.resting("its replay is paused")
        case .failed: return Self.resting("its replay failed; it may be resumed")
        case .cancelled:
            // It ends when this run does.
            try await cancel(job)
            return Self.resting(ReplaySweep.note)
        }
    }

    private func state(of id: String) async throws(JobsError) -> Replay.State? {
        let now = clock.nowMilliseconds
        let believed = known.withLock { known -> Known? in
            guard var entry = known[id] else { return nil }
            guard now - entry.readAt >= Self.trustMilliseconds else { return entry }
            // The others believe the old one while this one reads.
            entry.readAt = now
            known[id] = entry
            return nil
        }
        if let believed { return believed.state }
        do throws(JobsError) {
            let state = try await read(id)
            known.withLock { known in
                if known.count >= Self.maximumKnown { known.removeAll() }
                known[id] = Known(state: state, readAt: now)
            }
            return state
        } catch {
            _ = known.withLock { $0.removeValue(forKey: id) }
            throw error
        }
    }

    /// Back to the front of its lane, of which nothing starts for a while.
    private static func resting(_ reason: String) -> JobOutcome {
        .defer(milliseconds: 0, reason: reason, holdLaneMilliseconds: restMilliseconds)
    }
}
