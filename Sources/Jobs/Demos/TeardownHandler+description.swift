import Basics
import Queue

extension TeardownHandler {
    /// Longer than its two calls may take.
    static let timeLimitMilliseconds = 2 * Int64(timeoutMilliseconds) + 30_000

    /// What is known of `demo.teardown` jobs. Nobody waits for it, so a CRM may be away for most of an hour.
    public static let description = KindDescription(
        name: JobKind.demoTeardown,
        summary: "Deletes a demo's CRM workspace, for good. One that is gone already is done.",
        queue: JobQueue.hub,
        retry: RetryPolicy(attempts: 12, firstMilliseconds: 5_000, capMilliseconds: 600_000, jitterPercent: 20),
        leavesTrace: true,
        timeLimitMilliseconds: timeLimitMilliseconds,
        arguments: .object(
            [
                .required(TeardownArguments.subdomainKey, .name, "The demo's subdomain, \(DomainSlug.rule)."),
                .optional(
                    TeardownArguments.workspaceKey, .name,
                    "The workspace that is meant: another one of this subdomain is left alone."),
                .optional(TeardownArguments.expiryKey, .time, "Not before then, whenever the job runs."),
            ],
            allowsOthers: false),
        check: { bytes throws(InputError) in _ = try TeardownArguments(bytes) })
}
