import Basics
import Jobs
import Logging
import Queue

extension WorkerProgram {
    /// What runs the jobs about that which Twenty tells.
    static func inboundHandlers(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ logger: Logger
    ) -> [JobHandler] {
        let store = InboundStore(pool: resources.pool)
        return [
            InboundHandler(
                store: store, workspaces: WorkspaceStore(pool: resources.pool, clock: SystemMonotonicClock()),
                endpoints: resources.endpoints, ownName: configuration.ownTwentyName, clock: SystemWallClock(),
                logger: logger
            ).handler
        ]
    }
}
