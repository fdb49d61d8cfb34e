public import Basics

/// Says which pushes an event asks for. Pure: the caller reads the account's targets and enqueues. Subscriptions have
/// ``EndpointRouter``.
///
/// | type | jobs |
/// |---|---|
/// | `engagement.*`, `call.*` of the list | one `engagement.push` for each target, in place of one that waits for a change of the same call's log |
/// | `call_log.updated` | one `engagement.push` for each target, together with others of the same call: see ``CallPushes`` |
/// | `call.started` | the same, pushed as `engagement.created` with `engagement_id` = `call_sid` if it has none; where it has a ``BootstrapPlanner`` that comes first |
/// | `workspace.*` | none in this version |
/// | object events | none: they go to subscriptions only |
public enum EventRouter {
    /// Whether the account's targets have to be read before `plan`.
    public static func needsTargets(_ event: Event) -> Bool { event.type.isPushed }

    /// One push for each target, in the order of `CRMTarget.allCases`. Empty when the type asks for no job or the
    /// account has no target.
    ///
    /// - Parameter name: of the event, where its poster gave it none.
    public static func plan(
        _ event: Event, name: String? = nil, targets: [CRMTarget], calls: CallPushes = .standard
    ) -> [PlannedJob] {
        guard event.type.isPushed else { return [] }
        let wanted = Set(targets)
        let label = (event.id ?? name).map { PushLane.token($0, maximumBytes: maximumLabelBytes) }
        return CRMTarget.allCases.filter(wanted.contains).map { target in
            let arguments = PushArguments.encode(target: target, deliveryType: .of(event.type), event: event)
            let lane = PushLane(target: target, domainName: event.domainName)
            let key = calls.key(of: event, lane)
            return PlannedJob(
                kind: JobKind.engagementPush, queue: JobQueue.webhooks, lane: lane.text, key: key,
                label: key == nil ? nil : label, arguments: arguments)
        }
    }

    private static let maximumLabelBytes = 180

    /// What to enqueue when the targets cannot be read now: one `engagement.route` that carries the event. Empty when
    /// the type asks for no job.
    public static func planRoute(_ event: Event) -> [PlannedJob] {
        guard event.type.isPushed else { return [] }
        let lane = PushLane.routing(domainName: event.domainName)
        let arguments = RouteArguments.encode(event)
        return [PlannedJob(kind: JobKind.engagementRoute, queue: JobQueue.webhooks, lane: lane, arguments: arguments)]
    }
}

/// The arguments of an `engagement.route` job: `{"event": {...}}`.
///
/// Its handler decodes the event, reads the targets of `event.domainName` and enqueues `EventRouter.plan(event, …)`.
public enum RouteArguments {
    /// The arguments' bytes.
    public static func encode(_ event: Event) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("event")
        event.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The event inside the arguments. Throws when they are not what `encode` writes: the job cannot ever run.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> Event {
        try Event(try PushArguments.object(bytes)["event"] ?? .null, pointer: "/event")
    }
}
