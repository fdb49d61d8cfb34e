import Basics

/// Writes what the Hub says of an engagement when it is asked, by the rule of the receiver: the newest wins.
struct EngagementReports: Sendable {
    private let store: EngagementStore

    /// The status of an engagement that the Hub does not know.
    static let broken = "Broken"

    private static let ends: Set<String> = ["completed", "failed", "cancelled", "canceled", "broken"]

    init(store: EngagementStore) { self.store = store }

    /// Whether an engagement is over; as `crm.engagement_is_over` says.
    static func isOver(_ report: JSONObject) -> Bool {
        if let text = report["completed_at"]?.string, !text.isEmpty { return true }
        return ends.contains((report["status"]?.string ?? "").lowercased())
    }

    /// Merges the Hub's answer. What was pushed after the question was asked is newer and stays.
    ///
    /// - Parameter milliseconds: when the question was asked.
    /// - Throws: ``ServiceError`` `unreadable` for an answer that is no engagement; `storage`.
    func merge(
        _ report: JSONObject, of engagementID: String, atMilliseconds milliseconds: Int64
    ) async throws -> UpsertResult {
        var members: [JSONObject.Member] = []
        let known = EngagementFields.texts + EngagementFields.times + EngagementFields.lists
        for key in known {
            guard let value = report[key] else { continue }
            // An engagement always has one.
            if key == "status", value.string?.isEmpty ?? value.isNull { continue }
            members.append(.init(key: key, value: value))
        }
        members.append(.init(key: "engagement_id", value: .string(engagementID)))
        members.append(.init(key: "sent_at", value: .string(Timestamp(milliseconds: milliseconds).iso8601)))
        let push: ReceivedPush
        do throws(InputError) { push = try ReceivedPush(JSONObject(members: members)) } catch {
            throw ServiceError(.unreadable, service: "hub", "the answer is no engagement: \(error)")
        }
        return try await store.upsert(push)
    }

    /// Notes a status that follows from an answer without one.
    func note(_ engagementID: String, status: String, atMilliseconds: Int64) async throws -> UpsertResult {
        try await merge(["status": .string(status)], of: engagementID, atMilliseconds: atMilliseconds)
    }
}
