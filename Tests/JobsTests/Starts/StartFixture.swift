import Basics
import Postgres
import Queue

@testable import Jobs

/// What tests of starts begin with.
enum StartFixture {
    static let now: Int64 = 1_790_000_000_000

    static func plan(_ person: String, workspace: String? = "w", domain: String = "d.example") -> EngagementStart.Plan {
        EngagementStart.Plan(
            personID: person, scope: .init(workspaceID: workspace, domainName: domain), channel: .phone,
            type: .conversational, instruction: nil, contactIdentifier: "+14165550100")
    }

    static func new(
        _ person: String, workspace: String? = "w", domain: String = "d.example", at now: Int64 = now,
        receipt: Receipt? = nil
    ) -> StartStore.NewStart {
        StartStore.NewStart(
            id: EngagementStart.makeID(nowMilliseconds: now), plan: plan(person, workspace: workspace, domain: domain),
            receipt: receipt, nowMilliseconds: now)
    }

    /// Reserves a person that is free.
    static func reserve(
        _ person: String, in store: StartStore, at now: Int64 = now
    ) async throws -> EngagementStart {
        guard case .reserved(let start) = try await store.reserve(new(person, at: now)) else { throw NotReserved() }
        return start
    }

    struct NotReserved: Error {}

    /// A push of the Hub, as the receiver writes it.
    static func push(
        _ engagement: String, _ members: String, at milliseconds: Int64 = now, in pool: PostgresPool
    ) async throws -> UpsertResult {
        let sentAt = Timestamp(milliseconds: milliseconds).iso8601
        let text = #"{"engagement_id":"\#(engagement)","sent_at":"\#(sentAt)",\#(members)}"#
        return try await EngagementStore(pool: pool).upsert(try ReceivedPush.decode(Array(text.utf8)))
    }

    /// Kinds of the jobs in the outbox.
    static func jobs(_ pool: PostgresPool) async throws -> [String] {
        try await pool.query(PostgresStatement("kinds", "SELECT kind FROM jobs.outbox ORDER BY number"))
            .map { try $0.string("kind") }
    }
}
