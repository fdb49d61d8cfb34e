import Basics
public import Queue

extension ProvisionHandler {
    /// Three attempts; the pauses are long enough for a restart of the assistant.
    public static let retry = RetryPolicy(listedMilliseconds: [10_000, 60_000], jitterPercent: 20)

    /// Longer than the call may take, so that its end is the call's.
    static let timeLimitMilliseconds = Int64(timeoutMilliseconds) + 30_000

    /// What is known of `hub.provision` jobs.
    public static let description = KindDescription(
        name: JobKind.hubProvision,
        summary: "Has the assistant set up the Hub of a CRM workspace, or bring the workspace's members there.",
        queue: JobQueue.hub,
        retry: retry,
        leavesTrace: true,
        timeLimitMilliseconds: timeLimitMilliseconds,
        arguments: .object(
            [
                .required(ProvisionArguments.actionKey, .choice(ProvisionAction.allCases.map(\.rawValue))),
                .required(ProvisionArguments.workspaceKey, .name, "The CRM's id of the workspace."),
                .optional(ProvisionArguments.domainKey, .name, "The account."),
            ],
            allowsOthers: false),
        check: { bytes throws(InputError) in _ = try ProvisionArguments(bytes) })
}
