import Basics
import Jobs
import Logging
import Program
import Queue

extension WorkerProgram {
    /// What brings TIPS's agents and clients into the CRM.
    static func tipsHandlers(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ logger: Logger
    ) -> [JobHandler] {
        let clock = SystemWallClock()
        let connections = TipsConnections(
            configuration.tips, client: resources.curl, outbound: configuration.outbound,
            connector: twentyConnector(configuration, resources), pool: resources.pool, clock: clock)
        return TipsHandlers.make(
            configuration.tips, connections, queue: resources.queue, clock: clock, logger: logger)
    }
}
