// Asked for every call that starts. Accounts change their settings while the system runs, so what was read is trusted for a
// second only.

public import Postgres
public import Queue
import Synchronization

/// Which accounts want the people of their calls in Twenty, and in which workspace.
public final class BootstrapAccounts: Sendable {
    /// How long a look-up is trusted, in ms.
    static let freshMilliseconds: Int64 = 1_000
    /// Accounts that are remembered; beyond it the whole memory is dropped.
    private static let maximumAccounts = 10_000

    private struct Entry {
        let workspaceID: String?
        let readAtMilliseconds: Int64
    }

    private let pool: PostgresPool
    private let clock: any MonotonicClock
    private let entries = Mutex<[String: Entry]>([:])

    /// A directory over a pool on the Hub's views.
    public init(pool: PostgresPool, clock: any MonotonicClock) {
        self.pool = pool
        self.clock = clock
    }

    /// The workspace of an account that wants it: `crm_sync_provider` is `aventora_crm`, `twenty_sync_contacts` is true and
    /// `crm_workspace_id` is set. Nil for any other. At most one query a second and account. Throws `storage`.
    public func workspaceID(of domainName: String) async throws(JobsError) -> String? {
        let now = clock.nowMilliseconds
        if let entry = entries.withLock({ $0[domainName] }), now - entry.readAtMilliseconds < Self.freshMilliseconds {
            return entry.workspaceID
        }
        let workspaceID = try await read(domainName)
        entries.withLock { entries in
            if entries.count >= Self.maximumAccounts { entries.removeAll() }
            entries[domainName] = Entry(workspaceID: workspaceID, readAtMilliseconds: now)
        }
        return workspaceID
    }

    private func read(_ domainName: String) async throws(JobsError) -> String? {
        do {
            return try await pool.query(Self.select, [.text(domainName)]).first?.optionalString("workspace_id")
        } catch {
            let error = JobsError.wrap(error, "The settings of an account could not be read")
            // A database without the Hub's views has no accounts.
            if let state = error.underlying?.sqlState, ["42P01", "3F000"].contains(state) { return nil }
            throw error
        }
    }

    private static let select = PostgresStatement(
        "bootstrap_account",
        """
        SELECT NULLIF(settings->>'crm_workspace_id', '') AS workspace_id FROM hub.account_settings
        WHERE domain_name = $1 AND settings->>'crm_sync_provider' = 'aventora_crm'
            AND settings->>'twenty_sync_contacts' = 'true'
        """)
}
