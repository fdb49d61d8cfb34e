/// Finds the workspace that is looked after, and how to reach it.
public struct ReconcileSources: Sendable {
    private let settings: ReconciliationSettings
    private let sync: RecordSyncDirectory
    private let fallback: ServiceAddress?
    private let connector: TwentyConnector

    /// - Parameters:
    ///   - sync: says where Twenty is, whatever is synced to it.
    ///   - fallback: where it is if that does not say.
    public init(
        settings: ReconciliationSettings, sync: RecordSyncDirectory, fallback: ServiceAddress?,
        connector: TwentyConnector
    ) {
        (self.settings, self.sync, self.fallback, self.connector) = (settings, sync, fallback, connector)
    }

    /// Nil while there is nothing to look after: it is not wanted, or not known where or what it is.
    public func source() async throws(TwentyError) -> ReconcileSource? {
        guard settings.isEnabled else { return nil }
        let sync = try await sync.settings()
        let address: ServiceAddress?
        do throws(ServiceAddress.Fault) { address = try sync.address } catch {
            throw TwentyError(.operationFailed, "the address of Twenty cannot be used: \(error)")
        }
        guard let address = address ?? fallback, let id = settings.workspaceID(of: address) else { return nil }
        return ReconcileSource(workspaceID: id, client: connector.client(address))
    }
}
