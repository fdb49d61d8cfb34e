public import Basics

/// One engagement on its way to a CRM: the body's fields, decided once. The bytes are built once and kept, so every
/// attempt sends the same.
public struct EngagementPush: Sendable, Hashable {
    /// The event that asked for it. Its ids win over the record's.
    public let event: Event
    /// What is known of the engagement.
    public let record: EngagementRecord
    /// Why it is sent.
    public let deliveryType: DeliveryType
    /// When the body is built.
    public let sentAt: Timestamp
    /// Entries of the history.
    public let historyCount: Int
    /// Entries of the transcript.
    public let transcriptCount: Int

    /// A push of a record for an event. `sentAtMilliseconds`: the time now, since 1970.
    public init(event: Event, record: EngagementRecord, deliveryType: DeliveryType, sentAtMilliseconds: Int64) {
        self.event = event
        self.record = record
        self.deliveryType = deliveryType
        sentAt = Timestamp(milliseconds: sentAtMilliseconds)
        historyCount = JSONArrayCount.count(record.historyJSON ?? [])
        transcriptCount = JSONArrayCount.count(record.transcriptJSON ?? [])
    }

    /// The body of a push, with exactly the contract's fields in the contract's order. Missing values are null;
    /// `workspace_id` is left out when it is not known. History and transcript are whole and byte for byte.
    public static func body(
        event: Event,
        record: EngagementRecord,
        deliveryType: DeliveryType,
        sentAtMilliseconds: Int64,
    ) -> [UInt8] {
        EngagementPush(
            event: event, record: record, deliveryType: deliveryType, sentAtMilliseconds: sentAtMilliseconds,
        ).body()
    }

    /// The engagement's id: the event's, the record's, else the call's. Never empty for a pushed event.
    public var engagementID: String {
        event.engagementID ?? record.engagementID ?? event.callSID ?? record.callSID ?? ""
    }

    /// The summary by the contract's rule: the result's own, else the outcome, else, when there is neither history nor
    /// transcript, the status.
    public var summary: String? {
        if let summary = record.summary, !summary.isEmpty { return summary }
        if let outcome = record.outcome, !outcome.isEmpty { return "Outcome: \(outcome)" }
        guard historyCount == 0, transcriptCount == 0, let status = record.status, !status.isEmpty else { return nil }
        return "Status: \(status)."
    }

    /// The body's bytes.
    public func body() -> [UInt8] {
        let listBytes = (record.historyJSON?.count ?? 0) + (record.transcriptJSON?.count ?? 0)
        var writer = JSONWriter(capacity: listBytes + 1_024)
        func text(_ key: String, _ value: String?) {
            writer.key(key)
            writer.string(value)
        }
        writer.beginObject()
        text("engagement_id", engagementID)
        text("person_id", event.personID ?? record.personID)
        text("status", record.status)
        text("outcome", record.outcome)
        text("summary", summary)
        text("started_at", record.startedAt)
        text("completed_at", record.completedAt)
        writer.key("history")
        writer.raw(record.historyJSON)
        writer.key("transcript")
        writer.raw(record.transcriptJSON)
        text("channel", record.channel)
        text("type", record.type)
        text("contact_identifier", record.contactIdentifier)
        text("direction", record.direction)
        text("call_sid", event.callSID ?? record.callSID)
        text("domain_name", event.domainName)
        if let workspaceID = event.workspaceID ?? record.workspaceID { text("workspace_id", workspaceID) }
        text("sent_at", sentAt.iso8601)
        text("delivery_type", deliveryType.rawValue)
        text("event_type", event.type == .callStarted ? EventType.engagementCreated.name : event.type.name)
        writer.endObject()
        return writer.bytes
    }

    /// The log line of this push.
    public func logLine(targets: [CRMTarget]) -> PushLogLine { PushLogLine(self, targets: targets) }
}

/// Counts the items of a JSON array without building it.
enum JSONArrayCount {
    /// Items of the array in `bytes`; 0 when it is not an array. The bytes must be valid JSON. Cost: one pass.
    static func count(_ bytes: [UInt8]) -> Int {
        guard bytes.first(where: { !isSpace($0) }) == UInt8(ascii: "[") else { return 0 }
        var depth = 0
        var commas = 0
        var isEmpty = true
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isInString {
                if !isEscaped, byte == UInt8(ascii: "\"") { isInString = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                if depth > 0 { isEmpty = false }
                depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ","): commas += depth == 1 ? 1 : 0
            case UInt8(ascii: "\""):
                isInString = true
                isEmpty = false
            default: if !isSpace(byte) { isEmpty = false }
            }
        }
        return isEmpty ? 0 : commas + 1
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
}
