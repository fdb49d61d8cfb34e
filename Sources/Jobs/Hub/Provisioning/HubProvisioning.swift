/// Whether, where and when Hubs are set up for the CRM's workspaces.
public struct HubProvisioning: Sendable {
    /// Whether events make jobs. A job that is there is run all the same.
    public let isEnabled: Bool
    /// The assistant's route; nil while nobody said where.
    public let callback: ServiceAddress?
    /// From a workspace's event to its job, in ms: the workspace has to be finished first.
    public let fullDelayMilliseconds: Int64
    /// From a member's event to its job, in ms: members come in groups.
    public let membersDelayMilliseconds: Int64

    /// Where the assistant has it, if an address has no path.
    public static let path = "/internal/crm-hub-provision"
    /// What the delays may be, in seconds.
    public static let delaySeconds: ClosedRange<Int> = 0...86_400

    /// Nothing is set up.
    public static let off = HubProvisioning(isEnabled: false, callback: nil)

    /// The usual delays are 60 and 30 s.
    public init(
        isEnabled: Bool, callback: ServiceAddress?, fullDelayMilliseconds: Int64 = 60_000,
        membersDelayMilliseconds: Int64 = 30_000
    ) {
        self.isEnabled = isEnabled
        self.callback = callback
        self.fullDelayMilliseconds = fullDelayMilliseconds
        self.membersDelayMilliseconds = membersDelayMilliseconds
    }

    func delayMilliseconds(of action: ProvisionAction) -> Int64 {
        switch action {
        case .full: fullDelayMilliseconds
        case .syncMembers: membersDelayMilliseconds
        }
    }
}
