import Basics
import Jobs
import Logging
import Program
import Queue

extension WorkerProgram {
    /// What brings records into Twenty.
    static func crmHandlers(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ logger: Logger
    ) -> [JobHandler] {
        let clock = SystemMonotonicClock()
        return RecordSyncHandler(
            directory: RecordSyncDirectory(
                store: RecordSyncStore(pool: resources.pool), variables: configuration.recordSync,
                keyring: configuration.secrets, clock: clock, logger: logger),
            connector: twentyConnector(configuration, resources), store: MappingStore(pool: resources.pool),
            cache: MappingCache(clock: clock), logger: logger
        ).handlers
    }

    /// Clients of Twenty, whoever's: all of them count for the limit of their workspace.
    static func twentyConnector(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources
    ) -> TwentyConnector {
        TwentyConnector(
            client: resources.curl, outbound: configuration.outbound, limits: configuration.twentyLimits,
            pool: resources.pool)
    }
}
