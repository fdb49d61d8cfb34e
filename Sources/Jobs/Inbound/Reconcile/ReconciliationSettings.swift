/// What of a Twenty workspace is looked after.
public struct ReconciliationSettings: Sendable, Hashable {
    /// Whether anything is.
    public var isEnabled = false
    /// Where it is, unless the stored settings say otherwise.
    public var sync = RecordSyncSettings()
    /// As its webhooks call it; nil: what its key says.
    public var workspaceID: String?
    /// Which records.
    public var objects: [TwentyObject] = [.people, .companies]

    /// Nothing is looked after.
    public init() {}

    /// Reads `plural:singular`; nil for anything else.
    public static func object(_ text: String) -> TwentyObject? {
        let names = text.split(separator: ":", omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy({ EventType.isObjectName($0) && !$0.contains("_") }) else {
            return nil
        }
        return TwentyObject(plural: String(names[0]), singular: String(names[1]))
    }

    /// The workspace that an address with its key is for; nil where neither is known.
    public func workspaceID(of address: ServiceAddress) -> String? {
        workspaceID ?? Self.workspaceID(inKeyOf: address)
    }

    /// What the key of an address says of its workspace.
    public static func workspaceID(inKeyOf address: ServiceAddress) -> String? {
        address.token.flatMap { TwentyBucket.workspace(inKey: $0.revealed) }
    }
}
