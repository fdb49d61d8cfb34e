public import Postgres
import Queue

/// Whom the bootstrap of a call asks. Without ``workspace`` there is none, and `call.started` is pushed as it is.
public struct BootstrapSettings: Sendable, Hashable {
    /// The Twenty workspace that people are kept in, with its key.
    public var workspace: ServiceAddress?
    /// The CRM's provisioning API.
    public var provisioning: ServiceAddress?
    /// What knows the users when the CRM does not answer.
    public var chatbot: ServiceAddress?

    /// Whom to ask.
    public init(
        workspace: ServiceAddress? = nil, provisioning: ServiceAddress? = nil, chatbot: ServiceAddress? = nil
    ) {
        (self.workspace, self.provisioning, self.chatbot) = (workspace, provisioning, chatbot)
    }

    /// Plans bootstraps; nil where none is possible.
    ///
    /// - Parameter pool: on the Hub's views.
    public func planner(pool: PostgresPool) -> BootstrapPlanner? {
        guard workspace != nil else { return nil }
        return BootstrapPlanner(accounts: BootstrapAccounts(pool: pool, clock: SystemMonotonicClock()))
    }
}
