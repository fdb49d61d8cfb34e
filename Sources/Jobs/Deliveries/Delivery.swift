public import Queue

/// What is to be brought to whom, the same at every attempt.
public struct Delivery: Sendable, Hashable, Codable {
    /// Its id: that of its job.
    public var id: String
    /// Where it goes, as text: a CRM's name, or what an endpoint is called.
    public var target: String
    /// The subscription that it belongs to, if it does.
    public var endpointID: String?
    /// What the receiver tells repetitions by.
    public var webhookID: String
    /// The event that it came from, as its poster named it.
    public var eventID: String?
    public var eventType: String?
    /// Why it goes, as in `DeliveryType`.
    public var deliveryType: String?
    public var domainName: String?
    public var engagementID: String?
    public var callSID: String?
    /// The delivery that it repeats.
    public var replayOf: String?
    /// The replay that it is of, where it was asked for with others.
    public var replayID: String?
    /// The events that it stands for, the oldest first, where they are several; of very many not all.
    public var events: [String]?
    /// How many events those are; 1 for the usual one.
    public var eventCount: Int?

    /// Takes over what its job stands for, if that is more than itself.
    mutating func take(_ labels: JobLabels?) {
        guard let labels, labels.count > 1 else { return }
        (events, eventCount) = (labels.labels, labels.count)
    }

    /// A delivery of a job.
    public init(jobID: JobID, target: String, webhookID: String) {
        id = jobID.description
        self.target = target
        self.webhookID = webhookID
    }

    /// An engagement push of a job in a lane.
    public init(jobID: JobID, push: PushArguments, lane: String) {
        self.init(
            jobID: jobID, target: push.target.rawValue, webhookID: push.messageID ?? PushHeaders.webhookID(of: jobID))
        (replayOf, replayID) = (push.replayOf, Replay.id(ofLane: lane))
        eventID = push.event.id
        eventType = push.event.type.name
        deliveryType = push.deliveryType.rawValue
        domainName = push.event.domainName
        engagementID = push.event.engagementID
        callSID = push.event.callSID
    }
}

/// How a delivery stands.
public enum DeliveryState: String, Sendable, Hashable, CaseIterable, Codable {
    /// No attempt has been spent yet.
    case pending
    /// An attempt failed, or was put off after one that failed; another follows.
    case retrying
    /// The target has it.
    case delivered
    /// No attempt follows: its job is buried.
    case failed
    /// A person ended it.
    case cancelled
}
