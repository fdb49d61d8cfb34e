public import Postgres
public import Queue

/// Which accounts want the people of their calls in Twenty, and in which workspace.
public struct BootstrapAccounts: Sendable {
    private let lookup: HubLookup

    /// A directory over a pool on the Hub's views.
    public init(pool: PostgresPool, clock: any MonotonicClock) {
        lookup = HubLookup(
            pool: pool, clock: clock, statement: Self.select, column: "workspace_id",
            failure: "The settings of an account could not be read")
    }

    /// The workspace of an account that wants it: `crm_sync_provider` is `aventora_crm`, `twenty_sync_contacts` is true and
    /// `crm_workspace_id` is set. Nil for any other. At most one query a second and account. Throws `hubUnreadable`.
    public func workspaceID(of domainName: String) async throws(JobsError) -> String? {
        try await lookup.value(of: domainName)
    }

    private static let select = PostgresStatement(
        "bootstrap_account",
        """
        SELECT NULLIF(settings->>'crm_workspace_id', '') AS workspace_id FROM hub.account_settings
        WHERE domain_name = $1 AND settings->>'crm_sync_provider' = 'aventora_crm'
            AND settings->>'twenty_sync_contacts' = 'true'
        """)
}
