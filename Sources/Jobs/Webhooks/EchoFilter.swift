// A CRM that is told of an engagement writes it down, and may tell us of that write in turn; pushed back to it, the two would
// never come to rest. Such an event names the CRM as its origin, and the state that it asks to be pushed is the one that the
// CRM was sent last. A change that a person made there has another state, and goes out.

import Basics
import Postgres

/// Finds events that our own pushes caused.
public struct EchoFilter: Sendable {
    private let deliveries: DeliveryStore

    /// - Parameter deliveries: knows what a target was sent.
    public init(deliveries: DeliveryStore) { self.deliveries = deliveries }

    /// Whether a push would tell its target what that target was sent last and has just told us. One query for an event that
    /// the target is the origin of, nothing for others. What a person wants sent again is none. Throws `storage`.
    func isEcho(_ body: [UInt8], _ arguments: PushArguments) async throws(JobsError) -> Bool {
        guard arguments.deliveryType != .replay, arguments.event.origin == arguments.target.rawValue else {
            return false
        }
        guard let payload = try await deliveries.lastPayload(like: arguments) else { return false }
        let sent: [UInt8]?
        do { sent = try KeptPush(payload).body } catch { return false }
        return sent.flatMap(Self.state) == Self.state(body)
    }

    /// What of a push's body is the engagement's state; nil when it is none.
    static func state(_ body: [UInt8]) -> [UInt8]? {
        let object: JSONObject?
        do { object = try JSONParser.parse(body, limits: PushArguments.limits).object } catch { return nil }
        guard let object else { return nil }
        let members = object.members.filter { !aboutThePush.contains($0.key) }
        return JSONValue.object(JSONObject(members: members)).canonical()
    }

    /// When and why it is sent.
    private static let aboutThePush: Set<String> = ["sent_at", "delivery_type", "event_type"]
}

extension DeliveryStore {
    /// The payload of the newest push that went to the same target about the same engagement, else the same call. Throws
    /// `storage`.
    func lastPayload(like arguments: PushArguments) async throws(JobsError) -> [UInt8]? {
        let event = arguments.event
        let statement: PostgresStatement
        guard let id = event.engagementID ?? event.callSID else { return nil }
        statement = event.engagementID == nil ? Self.lastOfCall : Self.lastOfEngagement
        guard ![id, event.domainName].contains(where: { $0.utf8.contains(0) }) else { return nil }
        do {
            return try await pool.query(
                statement, [.text(id), .text(arguments.target.rawValue), .text(event.domainName)]
            ).first?.optionalBytes("payload")
        } catch {
            throw JobsError.wrap(error, "What was sent before could not be read")
        }
    }

    private static let lastOfEngagement = last("engagement_id")
    private static let lastOfCall = last("call_sid")

    private static func last(_ column: String) -> PostgresStatement {
        PostgresStatement(
            "deliveries_last_of_\(column)",
            """
            SELECT payload FROM jobs.deliveries
            WHERE \(column) = $1 AND target = $2 AND domain_name = $3 AND state = 'delivered' AND payload IS NOT NULL
            ORDER BY id DESC LIMIT 1
            """)
    }
}
