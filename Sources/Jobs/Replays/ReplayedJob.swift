import Basics
public import Queue

/// Makes the job that sends a delivery again: a new job, with all its attempts before it, for the same webhook-id.
public enum ReplayedJob {
    /// Why there is none.
    public struct Refusal: Error, Sendable {
        public let skip: Replay.Skip
        /// One sentence.
        public let reason: String
    }

    /// The job. Pure but for its id.
    ///
    /// - Parameters:
    ///   - delivery: what is repeated.
    ///   - arguments: its job's, with the body if that was built.
    ///   - lane: by default that of every other delivery to the target.
    ///   - endpoint: the delivery's, if it has one; nil when it is no more.
    ///   - pushRetry: of engagement pushes.
    public static func make(
        _ delivery: Delivery, arguments: [UInt8], lane: String? = nil, endpoint: Endpoint?, pushRetry: RetryPolicy,
        nowMilliseconds: Int64
    ) throws(Refusal) -> NewJob {
        let id = JobID(nowMilliseconds: nowMilliseconds)
        let policy = try policy(of: delivery, endpoint, pushRetry)
        let job: NewJob
        do throws(InputError) {
            if delivery.endpointID == nil {
                let push = try push(delivery, arguments)
                job = NewJob(
                    id: id, kind: JobKind.engagementPush, arguments: push.bytes, policy: policy,
                    lane: lane ?? push.lane)
            } else {
                var repeated = try EndpointArguments(arguments)
                repeated.replayOf = delivery.id
                job = NewJob(
                    id: id, kind: JobKind.endpointDeliver, arguments: repeated.encoded(), policy: policy,
                    lane: lane ?? endpoint?.lane ?? "")
            }
        } catch {
            throw Refusal(skip: .unreadable, reason: "what is kept of it cannot be read: \(error)")
        }
        guard job.envelope.arguments.count <= Limits.maximumArgumentsBytes else {
            throw Refusal(skip: .unreadable, reason: "with what a replay adds it is too long for a job")
        }
        return job
    }

    private static func policy(
        of delivery: Delivery, _ endpoint: Endpoint?, _ pushRetry: RetryPolicy
    ) throws(Refusal) -> RetryPolicy {
        guard delivery.endpointID != nil else { return pushRetry }
        guard let endpoint else { throw Refusal(skip: .endpointDeleted, reason: "its endpoint was deleted") }
        guard endpoint.settings.isEnabled else {
            throw Refusal(skip: .endpointOff, reason: "its endpoint is switched off")
        }
        return endpoint.settings.retry.policy
    }

    private static func push(
        _ delivery: Delivery, _ arguments: [UInt8]
    ) throws(InputError) -> (bytes: [UInt8], lane: String) {
        let kept = try KeptPush(arguments)
        var push = PushArguments(target: kept.arguments.target, deliveryType: .replay, event: kept.arguments.event)
        (push.messageID, push.replayOf) = (delivery.webhookID, delivery.id)
        let body: [UInt8]?
        if let sent = kept.body { body = try renamed(sent) } else { body = nil }
        return (
            KeptPush.encode(push, body: body), PushLane(target: push.target, domainName: push.event.domainName).text
        )
    }

    /// The body as it was sent, but for its `delivery_type`.
    private static func renamed(_ body: [UInt8]) throws(InputError) -> [UInt8] {
        let range: Range<Int>?
        do throws(JSONError) {
            range = try JSONParser.range(of: "delivery_type", in: body, limits: PushArguments.limits)
        } catch {
            throw InputError(error)
        }
        guard let range else { return body }
        var renamed = body
        renamed.replaceSubrange(range, with: Array("\"\(DeliveryType.replay.rawValue)\"".utf8))
        return renamed
    }
}
