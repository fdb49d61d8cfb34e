// What a worker holds of one queue: which claims stand in Redis as far as it knows, and which tasks run for them. Only the
// claim loop touches it.

/// The claims of one queue.
struct HeldJobs {
    private enum Phase {
        case running
        /// Told to stop; given up at this time if it does not.
        case stopping(giveUpMilliseconds: Int64)
        /// Its settlement waits for the next trip.
        case ended
    }

    private struct Held {
        let batch: JobBatch
        let index: Int
        let limitMilliseconds: Int64
        var phase = Phase.running

        var job: ClaimedJob { batch[index] }
    }

    private var jobs: [JobID: Held] = [:]
    /// Claims that were never run.
    private var idle: Set<JobID> = []

    /// How long a job that was told to stop may take to return, in ms.
    static let stopMilliseconds: Int64 = 2_000

    var isEmpty: Bool { jobs.isEmpty && idle.isEmpty }

    /// Every claim, settled or not, that Redis may still have.
    var ids: [JobID] { Array(jobs.keys) + Array(idle) }

    /// What runs and was not told to stop, with the fence of its claim.
    var running: [(id: JobID, fence: Int64)] {
        jobs.values.compactMap { held in
            if case .running = held.phase { (held.job.id, held.job.fence) } else { nil }
        }
    }

    /// What has not returned, told to stop or not.
    var unended: [ClaimedJob] {
        jobs.values.compactMap { held in
            if case .ended = held.phase { nil } else { held.job }
        }
    }

    mutating func add(_ batch: JobBatch, _ index: Int, limitMilliseconds: Int64) {
        jobs[batch[index].id] = Held(batch: batch, index: index, limitMilliseconds: limitMilliseconds)
    }

    /// A claim that goes back unrun.
    mutating func add(idle id: JobID) { idle.insert(id) }

    /// A job's task is over. False when nobody waits for it any more: it was given up, or the job is in other hands.
    mutating func ended(_ id: JobID, fence: Int64) -> Bool {
        guard let place = jobs.index(forKey: id), jobs.values[place].job.fence == fence else { return false }
        if case .ended = jobs.values[place].phase { return false }
        jobs.values[place].phase = .ended
        return true
    }

    /// A settlement of this fence has arrived in Redis.
    mutating func settled(_ id: JobID, fence: Int64) {
        if let place = jobs.index(forKey: id) {
            if jobs.values[place].job.fence == fence { jobs.remove(at: place) }
        } else {
            idle.remove(id)
        }
    }

    /// Tells one job to stop; false when it does not run here or was told before.
    mutating func stop(
        _ id: JobID, because reason: StopReason, _ reasons: StopReasons, nowMilliseconds: Int64
    ) -> Bool {
        guard let held = jobs[id], case .running = held.phase else { return false }
        // Before the task hears of it, so that it finds the reason.
        reasons.set(reason, for: held.job)
        jobs[id]?.phase = .stopping(giveUpMilliseconds: nowMilliseconds + Self.stopMilliseconds)
        held.batch.cancel(held.index)
        return true
    }

    /// Tells all to stop.
    func cancelAll() {
        for held in jobs.values { held.batch.cancel(held.index) }
    }

    /// Jobs whose time limit has passed, and jobs that were told to stop and did not. A walk over all.
    func overdue(nowMilliseconds: Int64) -> (late: [JobID], givenUp: [ClaimedJob]) {
        var late: [JobID] = []
        var givenUp: [ClaimedJob] = []
        for (id, held) in jobs {
            switch held.phase {
            case .running: if held.limitMilliseconds <= nowMilliseconds { late.append(id) }
            case .stopping(let end): if end <= nowMilliseconds { givenUp.append(held.job) }
            case .ended: break
            }
        }
        return (late, givenUp)
    }
}
