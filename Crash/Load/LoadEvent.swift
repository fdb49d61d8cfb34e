import TestKit

/// One thing that a caller posts.
struct LoadEvent: Sendable, Hashable {
    enum Kind: String, Sendable, Hashable {
        /// An event that carries its engagement.
        case carried
        /// An event whose engagement is read from the Hub.
        case hub
        /// A push to the built-in receiver.
        case received
    }

    let kind: Kind
    let account: Int
    /// Its own; no other event has it.
    let engagement: String

    /// Rows of the Hub that events may ask for, each once.
    static let hubRowCount = 3_000

    static func hubEngagement(_ number: Int) -> String { "hub-\(number)" }

    var path: String { kind == .received ? "/rest/aventora/webhook" : "/v1/events" }

    var body: String {
        let domainName = Scenery.domainName(account)
        switch kind {
        case .carried:
            return """
                {"id":"id-\(engagement)","type":"call.completed","domain_name":"\(domainName)",\
                "engagement_id":"\(engagement)","call_sid":"CA\(engagement)",\
                "data":{"status":"completed","outcome":"booked"}}
                """
        case .hub:
            return """
                {"id":"id-\(engagement)","type":"engagement.updated","domain_name":"\(domainName)",\
                "engagement_id":"\(engagement)"}
                """
        case .received:
            return """
                {"engagement_id":"\(engagement)","person_id":"p","workspace_id":"w","domain_name":"\(domainName)",\
                "status":"completed","sent_at":"2026-01-31T12:00:00.000Z"}
                """
        }
    }
}

/// An event that got its 202.
struct AcceptedEvent: Sendable, Hashable {
    let event: LoadEvent
    /// The jobs that the answers named: the first, and those of repeats that went another way.
    var jobs: [String]
    /// When the answer came, in ms since the run began.
    let at: Int64
}
