public import Basics
public import Logging
public import Queue

/// The kinds of job that bring TIPS's agents and clients into the CRM.
public enum TipsHandlers {
    /// The handlers for the registry. Without connections each job says which variables are missing.
    public static func make(
        _ settings: TipsSettings, _ connections: TipsConnections?, queue: QueueClient, clock: any WallClock,
        logger: Logger
    ) -> [JobHandler] {
        guard let connections else {
            let reason = "not set: \(settings.missing.joined(separator: ", "))"
            return descriptions.map { kind in
                JobHandler(
                    kind: kind.name, queue: JobQueue.tips, leavesTrace: kind.leavesTrace,
                    timeLimitMilliseconds: kind.timeLimitMilliseconds ?? Limits.standardTimeLimitMilliseconds
                ) { _ in .bury(reason: reason) }
            }
        }
        return [
            TipsSyncHandler(connections: connections, queue: queue, clock: clock, logger: logger).handler,
            TipsAgentHandler(connections: connections, clock: clock, logger: logger).handler,
            TipsFieldsHandler(connections: connections, logger: logger).handler,
        ]
    }

    /// A sync, for whoever asks for one: where one waits or runs already, that one answers for it.
    public static func sync(isDryRun: Bool, nowMilliseconds: Int64) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.tipsSync,
            arguments: Array((isDryRun ? #"{"dry_run":true}"# : "{}").utf8), policy: TipsPolicy.sync,
            key: .unique(TipsPolicy.key), isTracked: true)
    }

    /// The job that makes fields.
    public static func bootstrap(nowMilliseconds: Int64) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.tipsBootstrapFields,
            arguments: Array("{}".utf8), policy: JobPolicy.internalWork, key: .unique(JobKind.tipsBootstrapFields),
            isTracked: true)
    }

    /// What is known of them.
    public static let descriptions = [
        KindDescription(
            name: JobKind.tipsSync, summary: "Brings TIPS's agents and their clients into the CRM's workspace.",
            queue: JobQueue.tips, retry: TipsPolicy.sync, leavesTrace: true,
            timeLimitMilliseconds: TipsAgentHandler.timeLimitMilliseconds,
            arguments: .object([.optional("dry_run", .boolean, "Only count.")], allowsOthers: false)),
        KindDescription(
            name: JobKind.tipsSyncAgent, summary: "Brings one agent of TIPS and their clients into the CRM.",
            queue: JobQueue.tips, retry: TipsPolicy.agent, leavesTrace: true,
            timeLimitMilliseconds: TipsAgentHandler.timeLimitMilliseconds,
            arguments: .object(
                [
                    .required("run", .name, "The sync it belongs to."),
                    .required("agent", .object([.required("id", .name)], allowsOthers: true)),
                    .optional("dry_run", .boolean), .optional("progress", .anything, "How far it is."),
                ], allowsOthers: false)),
        KindDescription(
            name: JobKind.tipsBootstrapFields, summary: "Makes the fields and the role that TIPS sync needs.",
            queue: JobQueue.tips, retry: JobPolicy.internalWork, leavesTrace: true,
            arguments: .object([], allowsOthers: false)),
    ]
}
