import Basics
import Jobs
import Logging
import Queue

extension WorkerProgram {
    /// What sets Hubs up, and takes demos down.
    static func hubHandlers(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ clock: SystemWallClock, _ logger: Logger
    ) -> [JobHandler] {
        func service(_ address: ServiceAddress, _ timeoutMilliseconds: Int) -> ServiceClient {
            ServiceClient(
                address, client: resources.curl, outbound: configuration.outbound, clock: clock,
                timeoutMilliseconds: timeoutMilliseconds)
        }
        return [
            ProvisionHandler(
                assistant: configuration.hub.callback.map { service($0, ProvisionHandler.timeoutMilliseconds) }
            ).handler,
            BackfillHandler(
                store: BackfillStore(pool: resources.pool), queue: resources.queue, keyring: configuration.secrets,
                curl: resources.curl, outbound: configuration.outbound, clock: clock, logger: logger
            ).handler,
            TeardownHandler(
                crm: configuration.crm.map { service($0, TeardownHandler.timeoutMilliseconds) }, clock: clock
            ).handler,
        ]
    }
}
