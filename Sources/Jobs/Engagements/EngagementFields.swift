import Basics

/// The members of an engagement, as the push's body, an event's data and the receiver name them.
enum EngagementFields {
    static let texts = ["status", "outcome", "summary", "channel", "type", "contact_identifier", "direction"]
    static let identifiers = ["engagement_id", "person_id", "call_sid", "domain_name", "workspace_id"]
    static let times = ["started_at", "completed_at"]
    static let lists = ["history", "transcript"]

    /// Whether an event's data is an engagement of its own, so that the Hub is not read.
    static func carriesStatus(_ data: JSONObject?) -> Bool { !(data?["status"]?.string ?? "").isEmpty }

    /// Notes every engagement member of an event's data that has a wrong type. Data without a status is not pushed,
    /// so nothing else of it is looked at.
    static func check(_ fields: inout FieldReader) {
        guard let status = fields.member("status") else { return }
        if status.string == "" { fields.report("status", "It must not be empty.") }
        for key in texts { _ = fields.text(key) }
        for key in identifiers { _ = fields.identifier(key) }
        for key in times { _ = fields.timestamp(key) }
        for key in lists { _ = fields.array(key) }
    }
}
