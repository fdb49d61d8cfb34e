/// Runs one claimed job and leaves its settlement in the inbox.
struct JobRunner: Sendable {
    let registry: JobRegistry
    let queueIndex: Int
    let queue: QueueName
    let inbox: Inbox
    let reasons: StopReasons
    let clock: any MonotonicClock
    var makeID: @Sendable () -> JobID = { JobID(nowMilliseconds: TimeOfDay.nowMilliseconds()) }

    /// How long a job waits after Redis failed it midway, in ms.
    private static let faultPauseMilliseconds: Int64 = 1_000

    func run(_ job: ClaimedJob) async {
        inbox.post(.finished(queue: queueIndex, await settle(job)))
    }

    private func settle(_ job: ClaimedJob) async -> Settlement {
        guard let handler = registry[job.envelope.kind] else {
            return .park(job, reason: "no worker here knows the kind '\(job.envelope.kind)'")
        }
        let version = job.envelope.options.argumentsVersion
        guard version <= handler.newestVersion else {
            return .park(job, reason: "no worker here knows version \(version) of the kind '\(job.envelope.kind)'")
        }
        let run = JobRun(
            job, of: queue, queueIndex: queueIndex, inbox: inbox, reasons: reasons, clock: clock, newID: makeID)
        var outcome: JobOutcome
        do {
            outcome = try await handler.run(RunningJob(run: run))
        } catch is LostClaim {
            return .release(job)
        } catch let error as QueueError where error.isRetriable {
            outcome = .defer(milliseconds: Self.faultPauseMilliseconds, reason: "\(error)")
        } catch {
            outcome = .retry(reason: "\(error)")
        }
        let job = job.with(argumentsVersion: run.version)
        if Task.isCancelled, let settlement = interrupted(job, outcome, handler) { return settlement }
        return Settlement(outcome, of: job, leavesTrace: handler.leavesTrace)
    }

    /// A job that was cancelled says nothing of its own by failing. What it finished all the same is done.
    private func interrupted(_ job: ClaimedJob, _ outcome: JobOutcome, _ handler: JobHandler) -> Settlement? {
        let reason = reasons.take(for: job)
        if case .done = outcome { return nil }
        switch reason {
        // A lost claim's fence is stale, so that Redis refuses this; it only frees the slot here.
        case nil, .workerStops, .claimLost: return .release(job)
        case .cancelled: return .cancelled(job)
        case .late: return .late(job, limit: job.timeLimitMilliseconds(handler), leavesTrace: handler.leavesTrace)
        }
    }
}

extension ClaimedJob {
    /// The job's own limit, or its kind's.
    func timeLimitMilliseconds(_ handler: JobHandler?) -> Int64 {
        envelope.options.timeLimitMilliseconds ?? handler?.timeLimitMilliseconds ?? Limits.standardTimeLimitMilliseconds
    }
}

extension Settlement {
    /// New arguments; a new header only if their version is another.
    static func keep(_ job: ClaimedJob, arguments: [UInt8], version: Int) -> Settlement {
        var envelope = job.envelope
        let isSame = version == envelope.options.argumentsVersion
        envelope.options.argumentsVersion = version
        return Settlement(
            id: job.id, fence: job.fence, change: .keep(header: isSame ? "" : envelope.header, arguments: arguments))
    }

    /// It was stopped because somebody asked for it.
    static func cancelled(_ job: ClaimedJob) -> Settlement {
        Settlement(id: job.id, fence: job.fence, change: .cancel(note: "cancelled while it ran"))
    }

    /// It ran for longer than it may: a failed attempt.
    static func late(_ job: ClaimedJob, limit: Int64, leavesTrace: Bool) -> Settlement {
        let reason = "it ran for longer than its limit of \(Double(limit) / 1_000) s"
        return Settlement(.retry(reason: reason), of: job, leavesTrace: leavesTrace)
    }
}
