/// What is asked of the assistant.
public enum ProvisionAction: String, Sendable, Hashable, CaseIterable {
    /// Set up domain, Hub account and wiring of a new workspace.
    case full
    /// Bring a workspace's members to a Hub that is there.
    case syncMembers = "sync_members"
}
