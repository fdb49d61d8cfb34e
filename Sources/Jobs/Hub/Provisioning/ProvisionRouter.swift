// What comes while a workspace's job waits is taken in by that job; what comes while it runs makes it run once more,
// since the assistant may have read the members before. A unique key would lose the latter, so the key is a debounce
// whose quiet time is its longest time: the first event says when.

import Queue

/// Says which job an event asks of the assistant. Pure.
public enum ProvisionRouter {
    /// The job in the queue `hub`; nil for events that ask for none, and while nothing is to be set up.
    public static func plan(_ event: Event, _ provisioning: HubProvisioning) -> PlannedJob? {
        guard provisioning.isEnabled, let action = action(of: event.type), let workspace = event.workspaceID else {
            return nil
        }
        let delay = provisioning.delayMilliseconds(of: action)
        let arguments = ProvisionArguments(action: action, workspaceID: workspace, domainName: event.domainName)
        let name = "provision:\(action.rawValue):\(PushLane.token(workspace, maximumBytes: maximumWorkspaceBytes))"
        return PlannedJob(
            kind: JobKind.hubProvision, queue: JobQueue.hub, lane: "", delayMilliseconds: delay,
            key: .debounce(name, quietMilliseconds: delay, longestMilliseconds: delay), arguments: arguments.encoded())
    }

    private static let maximumWorkspaceBytes = 120

    private static func action(of type: EventType) -> ProvisionAction? {
        guard type.family == .workspace else { return nil }
        switch type.action {
        case "provisioned": return .full
        case "member_added": return .syncMembers
        default: return nil
        }
    }
}
