public import Queue

/// Every kind of job that the workers of this release can run.
public struct KindCatalogue: Sendable {
    /// By name.
    public let kinds: [KindDescription]

    /// - Precondition: no two have the same name.
    public init(_ kinds: [KindDescription]) {
        self.kinds = kinds.sorted { $0.name < $1.name }
        precondition(Set(kinds.map(\.name)).count == kinds.count, "two kinds have one name")
    }

    /// This release's.
    ///
    /// - Parameter pushRetry: of engagement pushes.
    public static func standard(pushRetry: RetryPolicy) -> KindCatalogue {
        let kinds = [
            PushHandler.description(retry: pushRetry), RouteHandler.description(retry: pushRetry),
            UpsertHandler.description, PruneHandler.description, LogHandler.description, EndpointHandler.description,
            EndpointRouteHandler.description, ReplayHandler.description, InboundHandler.description,
            ProvisionHandler.description, BackfillHandler.description, TeardownHandler.description,
            TwentyReconcileHandler.description, BootstrapHandler.description,
        ]
        return KindCatalogue(
            kinds + StartKinds.descriptions + RecordSyncHandler.descriptions + TipsHandlers.descriptions)
    }

    /// The kind of this name, if there is one.
    public subscript(name: String) -> KindDescription? { kinds.first { $0.name == name } }
}
