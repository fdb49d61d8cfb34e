import Basics
import Postgres
import Queue

/// Rows of `jobs.hub_backfills` as values.
extension Backfill {
    static let columns = "id, mode, state, selection, telephony, pace_per_minute, secrets_key_id, secrets"

    init(_ row: PostgresRow) throws {
        guard let mode = BackfillMode(rawValue: try row.string("mode")),
            let state = State(rawValue: try row.string("state"))
        else { throw JobsError(.unexpectedData, "jobs.hub_backfills has a row that this release does not know") }
        (self.mode, self.state) = (mode, state)
        id = try row.string("id")
        selection = try BackfillItem.texts(row.json("selection"))
        telephony = try row.optionalString("telephony")
        pacePerMinute = Int(try row.integer("pace_per_minute"))
        secrets = try row.optionalString("secrets_key_id").map {
            SealedSecret(keyID: $0, bytes: try row.bytes("secrets"))
        }
    }
}

/// Rows of `jobs.hub_backfill_items` as values.
extension BackfillItem {
    static let columns = """
        workspace_id, subdomain, display_name, assigned_domain, admin_email, member_emails, state, detail, attempts, \
        job_id, ended_at
        """

    init(_ row: PostgresRow) throws {
        guard let state = State(rawValue: try row.string("state")) else {
            throw JobsError(.unexpectedData, "jobs.hub_backfill_items has a row that this release does not know")
        }
        self.state = state
        workspace = CRMWorkspace(
            id: try row.string("workspace_id"), subdomain: try row.optionalString("subdomain"),
            displayName: try row.optionalString("display_name"),
            assignedDomain: try row.optionalString("assigned_domain"),
            adminEmail: try row.optionalString("admin_email"),
            memberEmails: try Self.texts(row.json("member_emails")))
        detail = try row.string("detail")
        attempts = try row.integer("attempts")
        job = try row.optionalString("job_id").flatMap { JobID($0) }
        endedAtMilliseconds = try row.optionalInstantMilliseconds("ended_at")
    }

    static func texts(_ json: [UInt8]) throws -> [String] {
        (try JSONParser.parse(json).array ?? []).compactMap(\.string)
    }

    static func list(_ texts: [String]) -> [UInt8] { JSONValue.array(texts.map { .string($0) }).encoded() }
}
