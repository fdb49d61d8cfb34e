import Basics
import Queue

extension EndpointHandler {
    /// What is known of `endpoint.deliver` jobs. Each has its endpoint's own retry; this is what one has that is posted by
    /// hand and says nothing.
    public static let description = KindDescription(
        name: JobKind.endpointDeliver,
        summary: "Posts one event to one subscription.",
        queue: JobQueue.webhooks,
        retry: EndpointRetry.standard.policy,
        leavesTrace: true,
        arguments: .object(
            [
                .required("endpoint", .name, "The subscription's id."),
                .required("message", .name, "The webhook-id: the same on every attempt."),
                .required("type", .name, "The event's type, such as person.created."),
                .optional("event_id", .name, "The event's id; needed unless there is a body."),
                .optional("at", .time, "When it happened; needed unless there is a body."),
                .optional("event", .object([], allowsOthers: true), "The event; needed unless there is a body."),
                .optional("body", .object([], allowsOthers: true), "What is sent, once it is built."),
                .optional("domain_name", .name, "The event's, once the body is built."),
                .optional("engagement_id", .name, "The event's, once the body is built."),
                .optional("call_sid", .name, "The event's, once the body is built."),
                .optional("replay_of", .name, "The delivery that it repeats."),
            ], allowsOthers: false),
        check: { bytes throws(InputError) in _ = try EndpointArguments(bytes) },
        lane: { arguments in arguments["endpoint"]?.string.map { Endpoint.lanePrefix + $0 } ?? "" })
}

extension EndpointRouteHandler {
    /// What is known of `endpoint.route` jobs.
    public static let description = KindDescription(
        name: JobKind.endpointRoute,
        summary: "Finds the subscriptions that want an event and enqueues one delivery for each.",
        queue: JobQueue.webhooks,
        retry: EndpointRouter.routing,
        leavesTrace: true,
        arguments: .object(
            [
                .required("event_id", .name, "The event's id."), .required("at", .time, "When it happened."),
                .required("type", .name, "The event's type, such as person.created."),
                .required("event", .object([], allowsOthers: true), "The event."),
            ], allowsOthers: false),
        check: { bytes throws(InputError) in _ = try EndpointRouteArguments.decode(bytes) },
        lane: { _ in EndpointRouter.routingLane })
}
