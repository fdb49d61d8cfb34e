import Postgres
import Queue

/// A delivery as the log has it.
public struct RecordedDelivery: Sendable, Hashable {
    /// What is to be brought to whom.
    public var delivery: Delivery
    /// How it stands after its newest attempt.
    public var state: DeliveryState
    /// Attempts spent.
    public var attempts: Int64
    /// When its newest attempt began, Unix ms; nil when there was none.
    public var attemptedAtMilliseconds: Int64?
    /// When the next one is due, Unix ms.
    public var retryAtMilliseconds: Int64?
    /// The last answer's status.
    public var status: Int64?
    /// Why the newest attempt failed.
    public var error: String?

    /// When it was asked for, Unix ms: its id says so.
    public var createdAtMilliseconds: Int64 { JobID(delivery.id)?.createdMilliseconds ?? 0 }

    static let columns = """
        id, state, target, endpoint_id, webhook_id, event_id, event_type, delivery_type, domain_name, engagement_id, \
        call_sid, replay_of, replay_id, events, event_count, attempts, attempted_at, retry_at, status, error
        """

    /// One of which no attempt has been made.
    public init(pending delivery: Delivery) {
        self.delivery = delivery
        state = .pending
        attempts = 0
    }

    init(_ row: PostgresRow) throws {
        let name = try row.string("id")
        guard let id = JobID(name), let known = DeliveryState(rawValue: try row.string("state")) else {
            throw JobsError(.unexpectedData, "jobs.deliveries has a row that this release does not know")
        }
        delivery = Delivery(jobID: id, target: try row.string("target"), webhookID: try row.string("webhook_id"))
        delivery.endpointID = try row.optionalString("endpoint_id")
        delivery.eventID = try row.optionalString("event_id")
        delivery.eventType = try row.optionalString("event_type")
        delivery.deliveryType = try row.optionalString("delivery_type")
        delivery.domainName = try row.optionalString("domain_name")
        delivery.engagementID = try row.optionalString("engagement_id")
        delivery.callSID = try row.optionalString("call_sid")
        delivery.replayOf = try row.optionalString("replay_of")
        delivery.replayID = try row.optionalString("replay_id")
        delivery.events = try row.optionalString("events")?.split(separator: " ").map(String.init)
        delivery.eventCount = try row.optionalInteger("event_count").map { Int($0) }
        state = known
        attempts = try row.integer("attempts")
        attemptedAtMilliseconds = try row.optionalInstantMilliseconds("attempted_at")
        retryAtMilliseconds = try row.optionalInstantMilliseconds("retry_at")
        status = try row.optionalInteger("status")
        error = try row.optionalString("error")
    }
}
