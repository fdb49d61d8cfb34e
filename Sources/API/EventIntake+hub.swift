// What an event asks of the assistant goes into a queue of its own, so it is a submission of its own, after the other
// one: whose receipts have told by then that the request is no conflict. Should this one fail, the caller is told to
// try again, and with a key, or ids of his events, the first part is then known and only this one is made up for.

import Jobs
import Queue

extension EventIntake {
    /// What was enqueued for the assistant.
    struct Provisions: Sendable {
        /// By the event's place.
        var groups: [Int: SubmissionResult.Group] = [:]
        /// Of its jobs; as safe as can be where there are none.
        var durability = Durability.outbox
    }

    /// Enqueues the jobs that set Hubs up. A full queue is nothing that the poster of an event has to know: the job
    /// waits in the outbox until there is room.
    func provision(
        _ events: [Event], _ requestReceipt: Receipt?, _ sender: String, _ durability: Durability,
        nowMilliseconds now: Int64
    ) async throws(Problem) -> Provisions {
        var places: [Int] = []
        var groups: [Submission.Group] = []
        for (place, event) in events.enumerated() {
            guard let job = ProvisionRouter.plan(event, hub) else { continue }
            places.append(place)
            groups.append(
                .init(
                    receipt: receipt(of: event, sender),
                    jobs: [job.newJob(retry: ProvisionHandler.retry, nowMilliseconds: now)]))
        }
        guard !groups.isEmpty else { return Provisions() }
        let outcome = try await submit(Submission(receipt: requestReceipt, groups: groups), durability)
        switch outcome.result {
        case .accepted(let accepted):
            return Provisions(
                groups: Dictionary(zip(places, accepted)) { first, _ in first }, durability: outcome.durability)
        case .conflict: throw .conflict("a key of the request was used with another content")
        case .full: throw .queueFull()
        }
    }

    private func submit(
        _ submission: Submission, _ durability: Durability
    ) async throws(Problem) -> DurableQueue.Outcome {
        do throws(QueueError) {
            let outcome = try await queue.submit(submission, to: JobQueue.hub, durability: durability)
            guard case .full = outcome.result else { return outcome }
            return try await queue.submit(submission, to: JobQueue.hub, durability: .outbox)
        } catch {
            throw Problem(error)
        }
    }

    /// What can be said of jobs of which some are this safe and some that.
    static func weaker(_ one: Durability, _ other: Durability) -> Durability {
        Durability.allCases.first { $0 == one || $0 == other } ?? one
    }
}
