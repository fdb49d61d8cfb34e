import Basics
import Jobs
import Logging
import Queue

extension WorkerProgram {
    /// What runs the jobs about that which Twenty tells, and those that look people up in it.
    static func inboundHandlers(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ logger: Logger
    ) -> [JobHandler] {
        let connector = twentyConnector(configuration, resources)
        return [
            InboundHandler(
                store: InboundStore(pool: resources.pool),
                workspaces: WorkspaceStore(pool: resources.pool, clock: SystemMonotonicClock()),
                endpoints: resources.endpoints, ownName: configuration.ownTwentyName, clock: SystemWallClock(),
                logger: logger
            ).handler,
            reconcileHandler(configuration, resources, connector, logger),
            bootstrapHandler(configuration, resources, connector, logger),
        ]
    }

    private static func reconcileHandler(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ connector: TwentyConnector,
        _ logger: Logger
    ) -> JobHandler {
        let sync = RecordSyncDirectory(
            store: RecordSyncStore(pool: resources.pool), variables: configuration.reconciliation.sync,
            keyring: configuration.secrets, clock: SystemMonotonicClock(), logger: logger)
        let sources = ReconcileSources(
            settings: configuration.reconciliation, sync: sync, fallback: configuration.bootstrap.workspace,
            connector: connector)
        return TwentyReconcileHandler(
            source: { () async throws(TwentyError) in try await sources.source() },
            objects: configuration.reconciliation.objects, store: ReconciliationStore(pool: resources.pool),
            told: InboundStore(pool: resources.pool), queue: resources.queue, clock: SystemWallClock(), logger: logger
        ).handler
    }

    private static func bootstrapHandler(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ connector: TwentyConnector,
        _ logger: Logger
    ) -> JobHandler {
        let (settings, clock) = (configuration.bootstrap, SystemMonotonicClock())
        let hub = HubStore(pool: resources.pool)
        func service(_ address: ServiceAddress) -> ServiceClient {
            ServiceClient(address, client: resources.curl, outbound: configuration.outbound, clock: SystemWallClock())
        }
        return BootstrapHandler(
            accounts: BootstrapAccounts(pool: resources.pool, clock: clock), hub: hub,
            targets: TargetDirectory(settings: configuration.targets, accounts: hub, clock: clock, logger: logger),
            endpoints: resources.endpoints,
            client: { workspaceID in
                guard let address = settings.workspace else { return nil }
                // Nobody's people go into the workspace of somebody else.
                let own = ReconciliationSettings.workspaceID(inKeyOf: address)
                guard own == nil || own == workspaceID.lowercased() else { return nil }
                return connector.client(address)
            },
            ownership: OwnershipDirectory(
                provisioning: settings.provisioning.map(service), chatbot: settings.chatbot.map(service), clock: clock,
                logger: logger),
            pushRetry: configuration.retry, calls: configuration.calls, clock: SystemWallClock(), logger: logger
        ).handler
    }
}
