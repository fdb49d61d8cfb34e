import Basics
import Guard
import Jobs
import Logging
import Operator
import Program
import Queue

// The table of routes: which desk does the work of which.
extension APIProgram {
    static func routes(
        _ configuration: APIConfiguration, _ resources: APIResources, _ counts: InboundCounts, _ logger: Logger
    ) -> RouteTable {
        let (queue, durable, pool) = (resources.queue, resources.durable, resources.pool)
        let clock = SystemWallClock()
        let targets = TargetDirectory(
            settings: configuration.targets, accounts: HubStore(pool: pool), clock: SystemMonotonicClock(),
            logger: logger)
        let intake = EventIntake(
            queue: durable, targets: targets, endpoints: resources.endpoints, retry: configuration.retry,
            calls: configuration.calls, hub: configuration.hub,
            bootstraps: configuration.bootstrap.planner(pool: pool), clock: clock)
        var table = RouteTable()
        table.addHealth(
            .servers(queue: queue, pool: pool))
        EventRoutes(
            intake: intake, durability: configuration.durability, maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        JobRoutes(
            desk: JobDesk(
                queue: queue, history: FinishedStore(pool: pool), outbox: OutboxStore(pool: pool), clock: clock),
            submitter: JobSubmitter(queue: durable, receipts: queue, clock: clock),
            catalogue: .standard(pushRetry: configuration.retry), durability: configuration.durability, clock: clock,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        EndpointRoutes(
            desk: EndpointDesk(
                store: EndpointStore(pool: pool), keyring: configuration.secrets, queue: queue, submit: durable,
                clock: clock, judge: { url in await judge(url, configuration.outbound) }),
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        QueueRoutes(desk: QueueDesk(queue: queue, clock: clock)).add(to: &table)
        ScheduleRoutes(
            desk: ScheduleDesk(
                queue: queue, ledger: TickStore(pool: pool),
                schedules: JobSchedule.all + configuration.tips.schedules)
        ).add(to: &table)
        DeadRoutes(
            desk: DeadDesk(queue: queue, clock: clock), maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        let log = DeliveryStore(pool: pool)
        let deliveries = DeliveryDesk(queue: queue, log: log, history: FinishedStore(pool: pool))
        DeliveryRoutes(desk: deliveries).add(to: &table)
        ReplayRoutes(
            desk: ReplayDesk(
                queue: queue, submit: durable, deliveries: deliveries, log: log, endpoints: EndpointStore(pool: pool),
                store: ReplayStore(pool: pool), pushRetry: configuration.retry, clock: clock),
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        EngagementRoutes(
            desk: engagementDesk(configuration, resources, clock, logger),
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        recordSync(configuration, resources).add(to: &table)
        TwentyRoutes(
            queue: durable, durability: configuration.durability, verifier: configuration.inbound.verifier,
            store: InboundStore(pool: pool), counts: counts, clock: clock,
            maximumBodyBytes: configuration.maximumBodyBytes, logger: logger
        ).add(to: &table)
        ReceiverRoutes(
            queue: durable, durability: configuration.durability, secret: configuration.receiverSecret, clock: clock,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        return table
    }

    private static func engagementDesk(
        _ configuration: APIConfiguration, _ resources: APIResources, _ clock: any WallClock, _ logger: Logger
    ) -> EngagementDesk {
        let pool = resources.pool
        let people = TwentyPeople(
            configuration.engagements, pool: pool, keyring: configuration.secrets,
            connector: twentyConnector(configuration, resources), logger: logger)
        let (starts, workspaces) = (StartStore(pool: pool), EngagementWorkspaceStore(pool: pool))
        return EngagementDesk(
            starter: EngagementStarter(
                starts: starts, workspaces: workspaces, people: people, configuration: configuration.engagements,
                clock: clock),
            starts: starts, bulks: BulkStore(pool: pool), workspaces: workspaces, keyring: configuration.secrets,
            clock: clock)
    }

    private static func recordSync(
        _ configuration: APIConfiguration, _ resources: APIResources
    ) -> RecordSyncRoutes {
        RecordSyncRoutes(
            desk: RecordSyncDesk(
                store: RecordSyncStore(pool: resources.pool), variables: configuration.recordSync,
                keyring: configuration.secrets, connector: twentyConnector(configuration, resources),
                clock: SystemMonotonicClock(), judge: { url in await judge(url, configuration.outbound) }),
            maximumBodyBytes: configuration.maximumBodyBytes)
    }

    private static func twentyConnector(
        _ configuration: APIConfiguration, _ resources: APIResources
    ) -> TwentyConnector {
        TwentyConnector(
            client: resources.curl, outbound: configuration.outbound, limits: configuration.twentyLimits,
            pool: resources.pool)
    }

    /// The answer tells nothing of our networks. A name that leads nowhere just now may be saved.
    private static func judge(_ url: WebhookURL, _ outbound: AddressGuard) async -> String? {
        let port = UInt16(truncatingIfNeeded: url.port)
        guard await outbound.judge(url.target, port: port).firstRefusal != nil else { return nil }
        return "Deliveries may not go there: \(Refusal.outwardText). `aventora endpoints explain` says why."
    }
}
