public import Postgres
public import Queue

/// Whose a Twenty workspace is: the account whose settings name it as `crm_workspace_id`.
public struct WorkspaceStore: Sendable {
    private let lookup: HubLookup

    /// A store over a pool on the Hub's views.
    public init(pool: PostgresPool, clock: any MonotonicClock) {
        lookup = HubLookup(
            pool: pool, clock: clock, statement: Self.select, column: "domain_name",
            failure: "The accounts of a workspace could not be read")
    }

    /// The account's domain name; of several that name the workspace the first in alphabetical order. Nil when none does,
    /// or there is no Hub at all. At most one query a second and workspace. Throws `hubUnreadable`.
    public func domainName(ofWorkspace workspaceID: String) async throws(JobsError) -> String? {
        try await lookup.value(of: workspaceID)
    }

    private static let select = PostgresStatement(
        "hub_workspace",
        """
        SELECT domain_name FROM hub.account_settings WHERE settings->>'crm_workspace_id' = $1
        ORDER BY domain_name LIMIT 1
        """)
}
