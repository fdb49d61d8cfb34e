/// Runs one claimed job and leaves its settlement in the inbox.
struct JobRunner: Sendable {
    let registry: JobRegistry
    let queueIndex: Int
    let queue: QueueName
    let inbox: Inbox

    /// How long a job waits after Redis failed it midway, in ms.
    private static let faultPauseMilliseconds: Int64 = 1_000

    func run(_ job: ClaimedJob) async {
        inbox.post(.finished(queue: queueIndex, await settle(job)))
    }

    private func settle(_ job: ClaimedJob) async -> Settlement {
        guard let handler = registry[job.envelope.kind] else {
            let outcome = JobOutcome.defer(
                milliseconds: Settlement.unknownKindPauseMilliseconds,
                reason: "no worker here knows the kind '\(job.envelope.kind)'")
            return Settlement(outcome, of: job, leavesTrace: false)
        }
        var outcome: JobOutcome
        do {
            outcome = try await handler.run(runningJob(job))
        } catch is LostClaim {
            // Stale by its fence, so Redis refuses it; it only frees the slot here.
            return Settlement(id: job.id, fence: job.fence, change: .acknowledge)
        } catch let error as QueueError {
            outcome = .defer(milliseconds: Self.faultPauseMilliseconds, reason: "\(error)")
        } catch {
            outcome = .retry(reason: "\(error)")
        }
        // A worker that stops has cancelled the job: whatever it says of a failure is not its own.
        if Task.isCancelled {
            switch outcome {
            case .done: break
            case .retry, .defer, .bury: return .release(job)
            }
        }
        return Settlement(outcome, of: job, leavesTrace: handler.leavesTrace)
    }

    private func runningJob(_ job: ClaimedJob) -> RunningJob {
        RunningJob(
            id: job.id,
            queue: queue,
            kind: job.envelope.kind,
            arguments: job.envelope.arguments,
            attempt: job.envelope.attempts + 1,
            policy: job.envelope.policy,
            lane: job.envelope.lane,
            fence: job.fence,
            keeper: { [inbox, queueIndex, id = job.id, fence = job.fence] arguments throws(QueueError) in
                let settlement = Settlement(id: id, fence: fence, change: .keep(arguments: arguments))
                return try await withCheckedContinuation { continuation in
                    inbox.post(.keep(queue: queueIndex, settlement, continuation))
                }.get()
            })
    }
}
