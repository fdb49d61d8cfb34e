import Basics
public import Jobs

/// A delivery as people and programs are shown it.
public struct DeliveryResource: Encodable, Sendable {
    public let id: String
    public let state: String
    public let target: String
    public let endpointID: String?
    public let webhookID: String
    public let eventID: String?
    public let eventType: String?
    public let deliveryType: String?
    public let domainName: String?
    public let engagementID: String?
    public let callSID: String?
    /// The delivery that it repeats.
    public let replayOf: String?
    /// The replay that it is of.
    public let replayID: String?
    /// The events that it stands for; null where it is one.
    public let events: [String]?
    public let eventCount: Int
    /// Attempts spent.
    public let attemptCount: Int64
    public let createdAt: String
    public let lastAttemptAt: String?
    /// When the next attempt is due.
    public let retryAt: String?
    /// The last answer's.
    public let status: Int64?
    public let error: String?

    enum CodingKeys: String, CodingKey {
        case id, state, target, status, error, events
        case eventCount = "event_count"
        case jobID = "job_id"
        case endpointID = "endpoint_id"
        case webhookID = "webhook_id"
        case eventID = "event_id"
        case eventType = "event_type"
        case deliveryType = "delivery_type"
        case domainName = "domain_name"
        case engagementID = "engagement_id"
        case callSID = "call_sid"
        case replayOf = "replay_of"
        case replayID = "replay_id"
        case attemptCount = "attempt_count"
        case createdAt = "created_at"
        case lastAttemptAt = "last_attempt_at"
        case retryAt = "retry_at"
    }

    /// A row of the log.
    public init(_ row: RecordedDelivery) {
        id = row.delivery.id
        state = row.state.rawValue
        target = row.delivery.target
        endpointID = row.delivery.endpointID
        webhookID = row.delivery.webhookID
        eventID = row.delivery.eventID
        eventType = row.delivery.eventType
        deliveryType = row.delivery.deliveryType
        domainName = row.delivery.domainName
        engagementID = row.delivery.engagementID
        callSID = row.delivery.callSID
        (replayOf, replayID) = (row.delivery.replayOf, row.delivery.replayID)
        events = row.delivery.events
        eventCount = row.delivery.eventCount ?? 1
        attemptCount = row.attempts
        createdAt = Timestamp(milliseconds: row.createdAtMilliseconds).iso8601
        lastAttemptAt = row.attemptedAtMilliseconds.map { Timestamp(milliseconds: $0).iso8601 }
        retryAt = row.retryAtMilliseconds.map { Timestamp(milliseconds: $0).iso8601 }
        status = row.status
        error = row.error
    }

    /// With null for what there is not. A delivery's job has the same id.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(id, forKey: .jobID)
        try container.encode(state, forKey: .state)
        try container.encode(target, forKey: .target)
        try container.encode(endpointID, forKey: .endpointID)
        try container.encode(webhookID, forKey: .webhookID)
        try container.encode(eventID, forKey: .eventID)
        try container.encode(eventType, forKey: .eventType)
        try container.encode(deliveryType, forKey: .deliveryType)
        try container.encode(domainName, forKey: .domainName)
        try container.encode(engagementID, forKey: .engagementID)
        try container.encode(callSID, forKey: .callSID)
        try container.encode(replayOf, forKey: .replayOf)
        try container.encode(replayID, forKey: .replayID)
        try container.encode(events, forKey: .events)
        try container.encode(eventCount, forKey: .eventCount)
        try container.encode(attemptCount, forKey: .attemptCount)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(lastAttemptAt, forKey: .lastAttemptAt)
        try container.encode(retryAt, forKey: .retryAt)
        try container.encode(status, forKey: .status)
        try container.encode(error, forKey: .error)
    }
}

/// A delivery with the attempts at it.
public struct DeliveryDetail: Encodable, Sendable {
    public let delivery: DeliveryResource
    /// In order; the newest where there are too many.
    public let attempts: [AttemptResource]
    /// Whether earlier ones are left out.
    public let isShortened: Bool

    private enum CodingKeys: String, CodingKey {
        case attempts
        case isShortened = "attempts_shortened"
    }

    /// - Parameter attempts: in order; one more than are shown where there are more.
    public init(_ row: RecordedDelivery, attempts: [RecordedAttempt]) {
        delivery = DeliveryResource(row)
        isShortened = attempts.count > DeliveryStore.maximumShownAttempts
        var due: Int64? = isShortened ? nil : row.createdAtMilliseconds
        var resources: [AttemptResource] = []
        for attempt in attempts {
            resources.append(AttemptResource(attempt, dueAtMilliseconds: due))
            due = attempt.retryAtMilliseconds
        }
        self.attempts = Array(resources.suffix(DeliveryStore.maximumShownAttempts))
    }

    /// The delivery's members, and its attempts among them.
    public func encode(to encoder: any Encoder) throws {
        try delivery.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(isShortened, forKey: .isShortened)
    }
}
