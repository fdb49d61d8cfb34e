internal import Basics
public import Postgres

/// What was written into the CRM last: `jobs.tips_agents` and `jobs.tips_people`.
public struct TipsStore: Sendable {
    /// An agent's member.
    struct Member: Sendable, Hashable {
        let id: String
        let role: String
        /// Up to when all changes of their clients are written.
        let watermark: Timestamp?
    }

    /// A client's person.
    struct Person: Sendable, Hashable {
        let id: String
        let digest: String
    }

    private let pool: PostgresPool
    private let workspace: String

    /// A store of one workspace over a pool.
    public init(pool: PostgresPool, workspace: String) { (self.pool, self.workspace) = (pool, workspace) }

    /// An agent's member; nil for an agent who has none yet. Throws `storage`.
    func member(of agent: String) async throws(JobsError) -> Member? {
        try await rows(Self.selectMember, [.text(workspace), .text(agent)]) { row in
            Member(
                id: try row.string("member_id"), role: try row.string("role"),
                watermark: try row.optionalInstantMilliseconds("watermark").map { Timestamp(milliseconds: $0) })
        }.first
    }

    /// Notes an agent's member; the watermark stays. Throws `storage`.
    func save(_ id: String, role: String, of agent: String) async throws(JobsError) {
        _ = try await rows(Self.saveMember, [.text(workspace), .text(agent), .text(id), .text(role)]) { _ in () }
    }

    /// Notes up to when all is written. Throws `storage`.
    func save(watermark: Timestamp, of agent: String) async throws(JobsError) {
        let values: [PostgresValue] = [
            .text(workspace), .text(agent), .instant(milliseconds: watermark.milliseconds),
        ]
        _ = try await rows(Self.saveWatermark, values) { _ in () }
    }

    /// The people of clients, as far as there are any. Throws `storage`.
    func people(of clients: [String]) async throws(JobsError) -> [String: Person] {
        let found = try await rows(Self.selectPeople, [.text(workspace), .texts(clients)]) { row in
            (
                try row.string("client_id"),
                Person(id: try row.string("person_id"), digest: try row.string("digest"))
            )
        }
        return Dictionary(found) { $1 }
    }

    /// Whose these people are: client by person. Throws `storage`.
    func owners(of people: [String]) async throws(JobsError) -> [String: String] {
        guard !people.isEmpty else { return [:] }
        let found = try await rows(Self.selectOwners, [.text(workspace), .texts(people)]) { row in
            (try row.string("person_id"), try row.string("client_id"))
        }
        return Dictionary(found) { first, _ in first }
    }

    /// Notes the people of clients, all in one step. Throws `storage`.
    func save(_ people: [String: Person]) async throws(JobsError) {
        guard !people.isEmpty else { return }
        // In one order always, lest two that write the same wait for each other.
        let items = people.sorted { $0.key < $1.key }
        let values: [PostgresValue] = [
            .text(workspace), .texts(items.map(\.key)), .texts(items.map(\.value.id)),
            .texts(items.map(\.value.digest)),
        ]
        _ = try await rows(Self.savePeople, values) { _ in () }
    }

    private func rows<Value: Sendable>(
        _ statement: PostgresStatement, _ values: [PostgresValue], _ read: (PostgresRow) throws -> Value
    ) async throws(JobsError) -> [Value] {
        do { return try await pool.query(statement, values).map(read) } catch {
            throw JobsError.wrap(error, "What is known of TIPS could not be read or written")
        }
    }

    private static let selectMember = PostgresStatement(
        "tips_member",
        "SELECT member_id, role, watermark FROM jobs.tips_agents WHERE workspace_id = $1 AND agent_id = $2")
    private static let saveMember = PostgresStatement(
        "tips_member_save",
        """
        INSERT INTO jobs.tips_agents (workspace_id, agent_id, member_id, role) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workspace_id, agent_id) DO UPDATE SET member_id = EXCLUDED.member_id, role = EXCLUDED.role
        """)
    private static let saveWatermark = PostgresStatement(
        "tips_watermark", "UPDATE jobs.tips_agents SET watermark = $3 WHERE workspace_id = $1 AND agent_id = $2")
    private static let selectPeople = PostgresStatement(
        "tips_people",
        """
        SELECT client_id, person_id, digest FROM jobs.tips_people WHERE workspace_id = $1 AND client_id = ANY ($2)
        """)
    private static let selectOwners = PostgresStatement(
        "tips_owners",
        """
        SELECT person_id, client_id FROM jobs.tips_people WHERE workspace_id = $1 AND person_id = ANY ($2)
        ORDER BY client_id
        """)
    private static let savePeople = PostgresStatement(
        "tips_people_save",
        """
        INSERT INTO jobs.tips_people (workspace_id, client_id, person_id, digest)
        SELECT $1, client_id, person_id, digest FROM unnest($2, $3, $4) AS row (client_id, person_id, digest)
        ON CONFLICT (workspace_id, client_id) DO UPDATE SET person_id = EXCLUDED.person_id, digest = EXCLUDED.digest
        """)
}
