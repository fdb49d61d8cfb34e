// Every event that Twenty tells asks whose workspace it is. Accounts change their settings while the system runs, so what was
// read is trusted for a second only.

public import Postgres
public import Queue
import Synchronization

/// Whose a Twenty workspace is: the account whose settings name it as `crm_workspace_id`.
public final class WorkspaceStore: Sendable {
    /// How long a look-up is trusted, in ms.
    static let freshMilliseconds: Int64 = 1_000
    /// Workspaces that are remembered; beyond it the whole memory is dropped.
    private static let maximumWorkspaces = 10_000

    private struct Entry {
        let domainName: String?
        let readAtMilliseconds: Int64
    }

    private let pool: PostgresPool
    private let clock: any MonotonicClock
    private let entries = Mutex<[String: Entry]>([:])

    /// A store over a pool on the Hub's views.
    public init(pool: PostgresPool, clock: any MonotonicClock) {
        self.pool = pool
        self.clock = clock
    }

    /// The account's domain name; of several that name the workspace the first in alphabetical order. Nil when none does,
    /// or there are no Hub views at all. At most one query a second and workspace. Throws `storage`.
    public func domainName(ofWorkspace workspaceID: String) async throws(JobsError) -> String? {
        let now = clock.nowMilliseconds
        if let entry = entries.withLock({ $0[workspaceID] }), now - entry.readAtMilliseconds < Self.freshMilliseconds {
            return entry.domainName
        }
        let domainName = try await read(workspaceID)
        entries.withLock { entries in
            if entries.count >= Self.maximumWorkspaces { entries.removeAll() }
            entries[workspaceID] = Entry(domainName: domainName, readAtMilliseconds: now)
        }
        return domainName
    }

    private func read(_ workspaceID: String) async throws(JobsError) -> String? {
        do {
            return try await pool.query(Self.select, [.text(workspaceID)]).first?.string("domain_name")
        } catch {
            let error = JobsError.wrap(error, "The accounts of a workspace could not be read")
            // A database without the Hub's views has no accounts.
            if let state = error.underlying?.sqlState, ["42P01", "3F000"].contains(state) { return nil }
            throw error
        }
    }

    private static let select = PostgresStatement(
        "hub_workspace",
        """
        SELECT domain_name FROM hub.account_settings WHERE settings->>'crm_workspace_id' = $1
        ORDER BY domain_name LIMIT 1
        """)
}
