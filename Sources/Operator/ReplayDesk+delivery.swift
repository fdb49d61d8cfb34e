import Basics
import Jobs
public import Queue

/// One delivery that is sent again.
public struct ReplayedDelivery: Encodable, Sendable {
    /// The new delivery, and its job.
    public let id: String
    /// The delivery that it repeats.
    public let replayOf: String
    /// The same as that one's.
    public let webhookID: String
    /// Whether an earlier request with the same key made it.
    public let duplicate: Bool
    /// How safe it is.
    public let durability: String

    private enum CodingKeys: String, CodingKey {
        case id, duplicate, durability
        case replayOf = "replay_of"
        case webhookID = "webhook_id"
    }
}

extension ReplayDesk {
    /// Sends one delivery again, with all its attempts before it, in the lane of every other one to its target.
    ///
    /// - Parameter receipt: by its key the same request again makes no other.
    /// - Throws: ``Refusal``, `QueueError`, `JobsError`.
    public func replay(_ id: JobID, receipt key: String? = nil) async throws -> ReplayedDelivery {
        guard let found = try await deliveries.found(id) else { throw Refusal.unknown }
        let state = found.row.state
        guard state != .pending, state != .retrying else {
            throw Refusal.conflict("the delivery is \(state.rawValue): it is under way, so there is nothing to repeat")
        }
        let delivery = found.row.delivery
        let endpoint: Endpoint?
        if let name = delivery.endpointID { endpoint = try await endpoints.find(id: name) } else { endpoint = nil }
        guard let arguments = try await payload(of: id) else {
            throw Refusal.gone(
                "what it takes to send the delivery again is gone: it is no longer in the dead set, nor in the log")
        }
        let job: NewJob
        do throws(ReplayedJob.Refusal) {
            job = try ReplayedJob.make(
                delivery, arguments: arguments, endpoint: endpoint, pushRetry: pushRetry,
                nowMilliseconds: clock.nowMilliseconds())
        } catch {
            throw error.skip == .unreadable ? Refusal.gone(error.reason) : Refusal.conflict(error.reason)
        }
        let receipt = key.map { Receipt(key: $0, digest: id.description) }
        return try await submit(job, delivery, receipt)
    }

    /// From the log, else from the dead set.
    private func payload(of id: JobID) async throws -> [UInt8]? {
        if let kept = try await log.payload(of: id.description) { return kept }
        return try await queue.buriedEnvelopes(of: [id], in: JobQueue.webhooks)[id]?.arguments
    }

    private func submit(
        _ job: NewJob, _ delivery: Delivery, _ receipt: Receipt?
    ) async throws -> ReplayedDelivery {
        guard let submit else { throw Refusal.conflict("nothing can be sent from here") }
        let outcome = try await submit.submit(
            Submission(receipt: receipt, groups: [.init(jobs: [job])]), to: JobQueue.webhooks)
        switch outcome.result {
        case .conflict: throw Refusal.otherKey
        case .full(let waiting): throw QueueError(.queueFull, "\(waiting) jobs wait in the queue")
        case .accepted(let groups):
            let item = groups.first?.jobs.first ?? .init(id: job.id, isDuplicate: false)
            return ReplayedDelivery(
                id: item.id.description, replayOf: delivery.id, webhookID: delivery.webhookID,
                duplicate: groups.first?.isDuplicate ?? false, durability: outcome.durability.rawValue)
        }
    }
}
