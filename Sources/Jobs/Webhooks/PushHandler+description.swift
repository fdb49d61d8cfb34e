import Basics
public import Queue

extension PushHandler {
    /// What is known of `engagement.push` jobs.
    ///
    /// - Parameter retry: m attempts, n apart.
    public static func description(retry: RetryPolicy) -> KindDescription {
        KindDescription(
            name: JobKind.engagementPush,
            summary: "Posts one engagement to one CRM target.",
            queue: JobQueue.webhooks,
            retry: retry,
            leavesTrace: true,
            arguments: .object(
                [
                    .required("target", .choice(CRMTarget.allCases.map(\.rawValue)), "Where it goes."),
                    .required(
                        "delivery_type", .choice(DeliveryType.allCases.map(\.rawValue)),
                        "Why it goes, as the body says."),
                    .required("event", Event.schema, "The event that it is built from."),
                    .optional("message", .name, "The webhook-id, where it is not the job's own."),
                    .optional("replay_of", .name, "The delivery that it repeats."),
                ], allowsOthers: false),
            check: { bytes throws(InputError) in
                let type = try PushArguments.decode(bytes).event.type
                guard type.isPushed, type != .callStarted else {
                    let detail = "No push is built from \(type); post the event itself to /v1/events."
                    throw InputError(problems: [.init(pointer: "/event/type", detail: detail)])
                }
            },
            lane: { arguments in
                guard let target = arguments["target"]?.string.flatMap(CRMTarget.init(rawValue:)),
                    let domainName = arguments["event"]?.object?["domain_name"]?.string
                else { return "" }
                return PushLane(target: target, domainName: domainName).text
            })
    }
}

extension RouteHandler {
    /// What is known of `engagement.route` jobs.
    public static func description(retry: RetryPolicy) -> KindDescription {
        KindDescription(
            name: JobKind.engagementRoute,
            summary: "Finds the CRM targets of an event's account and enqueues one push for each.",
            queue: JobQueue.webhooks,
            retry: retry,
            leavesTrace: true,
            arguments: .object([.required("event", Event.schema, "The event.")], allowsOthers: false),
            check: { bytes throws(InputError) in
                let type = try RouteArguments.decode(bytes).type
                guard type.isPushed else {
                    let detail = "\(type) asks for no push."
                    throw InputError(problems: [.init(pointer: "/event/type", detail: detail)])
                }
            },
            lane: { arguments in
                arguments["event"]?.object?["domain_name"]?.string.map(PushLane.routing(domainName:)) ?? ""
            })
    }
}

extension Event {
    /// The form of an event inside the arguments of a job; like a posted one it may hold more.
    static let schema: ArgumentSchema = .object(
        [
            .required("type", .name, "Such as call.completed."),
            .required("domain_name", .name, "The account."),
            .optional("id", .name), .optional("occurred_at", .time), .optional("call_sid", .name),
            .optional("engagement_id", .name), .optional("workspace_id", .name), .optional("person_id", .name),
            .optional(
                "data", .object([], allowsOthers: true),
                "With a status in it, the engagement's own fields; else they are read from the Hub."),
        ], allowsOthers: true)
}
