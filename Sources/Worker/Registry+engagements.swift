import Basics
import Jobs
import Logging
import Queue

extension WorkerProgram {
    /// What begins, ends and watches over engagements that a CRM asks for.
    static func engagements(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ logger: Logger
    ) -> [JobHandler] {
        let clock = SystemWallClock()
        let pool = resources.pool
        let (starts, bulks) = (StartStore(pool: pool), BulkStore(pool: pool))
        let (workspaces, engagements) = (EngagementWorkspaceStore(pool: pool), EngagementStore(pool: pool))
        let hub = EngagementHub(
            client: configuration.engagements.hub.map {
                ServiceClient($0, client: resources.curl, outbound: configuration.outbound, clock: clock)
            }, workspaces: workspaces, keyring: configuration.secrets)
        let people = TwentyPeople(
            configuration.engagements, pool: pool, keyring: configuration.secrets,
            connector: twentyConnector(configuration, resources), logger: logger)
        let starter = EngagementStarter(
            starts: starts, workspaces: workspaces, people: people, configuration: configuration.engagements,
            clock: clock)
        return [
            StartHandler(starts: starts, hub: hub, clock: clock, logger: logger).handler,
            CancelHandler(starts: starts, engagements: engagements, hub: hub, clock: clock, logger: logger).handler,
            BulkHandler(bulks: bulks, starts: starts, starter: starter, clock: clock, logger: logger).handler,
            AutoRunHandler(
                cockpit: CockpitStore(pool: pool), starts: starts, starter: starter, clock: clock, logger: logger
            ).handler,
            ReconcileHandler(
                starts: starts, open: OpenEngagementStore(pool: pool), engagements: engagements, bulks: bulks, hub: hub,
                watch: JobWatch(queue: resources.queue, outbox: OutboxStore(pool: pool)), clock: clock, logger: logger
            ).handler,
        ]
    }
}
