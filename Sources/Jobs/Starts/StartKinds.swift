import Basics
import Queue

/// What is known of the kinds that begin, end and watch over engagements.
public enum StartKinds {
    /// All of them.
    public static let descriptions = [start, cancel, bulk, reconcile, autoRun]

    private static let start = KindDescription(
        name: JobKind.engagementStart,
        summary: "Asks the Hub for the engagement that a start stands for; once, however often it is tried.",
        queue: JobQueue.hub, retry: RetryPolicy(listedMilliseconds: StartHandler.delaysMilliseconds), leavesTrace: true,
        arguments: .object([.required("start", .name, "The start's id, es_….")], allowsOthers: false))

    private static let cancel = KindDescription(
        name: JobKind.engagementCancel,
        summary: "Asks the Hub to end an engagement.",
        queue: JobQueue.hub, retry: RetryPolicy(listedMilliseconds: CancelHandler.delaysMilliseconds),
        leavesTrace: true,
        arguments: .object(
            [
                .required("engagement_id", .name, "The Hub's id."),
                .optional("start", .name, "The start that it is of."),
                .optional("workspace_id", .name), .optional("domain_name", .name, "Whose key it takes."),
            ], allowsOthers: false))

    private static let bulk = KindDescription(
        name: JobKind.engagementBulk,
        summary: "Engages the people of a bulk at its pace. The job that a bulk names does; any other ends at once.",
        queue: JobQueue.hub, retry: RetryPolicy(attempts: 5, delayMilliseconds: 10_000), leavesTrace: false,
        arguments: .object([.required("bulk", .name, "The bulk's id, eb_….")], allowsOthers: false))

    private static let reconcile = KindDescription(
        name: JobKind.engagementReconcile,
        summary: "Asks the Hub about engagements that are not over, and frees people whose start came to nothing.",
        queue: JobQueue.hub, retry: reconcileRetry, leavesTrace: false,
        timeLimitMilliseconds: ReconcileHandler.timeLimitMilliseconds,
        arguments: .object(
            [
                .optional(
                    "quiet_seconds", .integer(0...86_400),
                    "How long an engagement is quiet before the Hub is asked; \(ReconcileHandler.quietSeconds).")
            ], allowsOthers: false))

    /// The next tick comes soon.
    static let reconcileRetry = RetryPolicy(attempts: 3, delayMilliseconds: 10_000)

    private static let autoRun = KindDescription(
        name: JobKind.cockpitAutoRun,
        summary: "Lets a workspace's rules answer a signal about a lead, within cooldown and daily maximum.",
        queue: JobQueue.hub, retry: JobPolicy.internalWork, leavesTrace: true,
        arguments: .object(
            [
                .required("person_id", .name, "The lead."), .required("signal", .name, "Such as MISSED_CALL."),
                .optional("signal_id", .name, "A signal with one is answered once."),
                .optional("workspace_id", .name), .optional("domain_name", .name),
                .optional("phones", .anything, "As in a start."), .optional("emails", .anything, "As in a start."),
                .optional("phone", .text(maximumBytes: 255)), .optional("email", .text(maximumBytes: 255)),
                .optional("doNotContact", .boolean), .optional("do_not_contact", .boolean),
            ], allowsOthers: false),
        check: { bytes throws(InputError) in _ = try CockpitSignal.decode(bytes) })
}
