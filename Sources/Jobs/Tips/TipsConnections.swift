public import Basics
public import Curl
public import Guard
public import Postgres

/// The systems and tables that TIPS jobs work with.
public struct TipsConnections: Sendable {
    let tips: TipsClient
    let provisioning: ServiceClient
    let twenty: TwentyClient
    let store: TipsStore
    let runs: TipsRunStore
    let workspace: String

    /// Nil while a variable is missing: see ``TipsSettings/missing``.
    ///
    /// - Parameter connector: makes the client of Twenty, so that its calls count for the workspace's limit.
    public init?(
        _ settings: TipsSettings, client: CurlClient, outbound: AddressGuard, connector: TwentyConnector,
        pool: PostgresPool, clock: any WallClock
    ) {
        guard settings.missing.isEmpty, let address = settings.tips, let id = settings.clientID,
            let secret = settings.clientSecret, let provisioning = settings.provisioning,
            let twenty = settings.twenty, let workspace = settings.workspaceID
        else { return nil }
        let service = ServiceClient(address, client: client, outbound: outbound, clock: clock)
        tips = TipsClient(
            service: service, tokens: TipsTokens(clientID: id, clientSecret: secret, clock: clock))
        self.provisioning = ServiceClient(provisioning, client: client, outbound: outbound, clock: clock)
        // By its key, as every other client of this workspace, so that all share one limit.
        self.twenty = connector.client(twenty)
        store = TipsStore(pool: pool, workspace: workspace)
        runs = TipsRunStore(pool: pool)
        self.workspace = workspace
    }
}
