import Basics
public import Queue

/// Says which deliveries an event asks for. Pure.
public enum EndpointRouter {
    /// One `endpoint.deliver` for each endpoint, each in its own lane, with its own retry policy, and behind others if the
    /// endpoint orders its deliveries. The event's bytes are written once.
    public static func plan(_ event: EndpointEvent, to endpoints: [Endpoint], nowMilliseconds: Int64) -> [NewJob] {
        guard !endpoints.isEmpty else { return [] }
        let source = JSONValue.object(event.source).encoded()
        return endpoints.map { job(event, to: $0, source: source, policy: nil, nowMilliseconds) }
    }

    /// What to enqueue while the endpoints cannot be read: one `endpoint.route` that carries the event.
    public static func planRoute(_ event: EndpointEvent, nowMilliseconds: Int64) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.endpointRoute,
            arguments: EndpointRouteArguments.encode(event), policy: routing, lane: routingLane)
    }

    /// A delivery that shows whether deliveries arrive: one attempt, of an event that nobody posted.
    public static func planTest(of endpoint: Endpoint, nowMilliseconds: Int64) -> NewJob {
        let id = "evt_" + JobID(nowMilliseconds: nowMilliseconds).description
        let event = EndpointEvent.test(id: id, atMilliseconds: nowMilliseconds, endpointID: endpoint.id)
        return job(event, to: endpoint, source: nil, policy: once, nowMilliseconds)
    }

    /// Reading our own tables: a failure is put off and spends nothing.
    static let routing = RetryPolicy(attempts: 5, delayMilliseconds: 2_000)
    static let routingLane = "endpoint-route"
    private static let once = RetryPolicy(attempts: 1, delayMilliseconds: 0)

    private static func job(
        _ event: EndpointEvent, to endpoint: Endpoint, source: [UInt8]?, policy: RetryPolicy?, _ now: Int64
    ) -> NewJob {
        let id = JobID(nowMilliseconds: now)
        let arguments = EndpointArguments(
            endpointID: endpoint.id, messageID: "msg_\(id)", event: event)
        // A test waits for nobody.
        let order = event.type == EndpointEvent.testType ? nil : endpoint.settings.order
        return NewJob(
            id: id, kind: JobKind.endpointDeliver, arguments: arguments.encoded(source: source),
            policy: policy ?? endpoint.settings.retry.policy, lane: endpoint.lane,
            orderKey: order?.key(of: event, endpointID: endpoint.id))
    }
}

/// The arguments of an `endpoint.route` job: `{"event_id", "at", "type", "event"}`.
enum EndpointRouteArguments {
    static func encode(_ event: EndpointEvent) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("event_id")
        writer.string(event.id)
        writer.key("at")
        writer.string(event.at.iso8601Microseconds)
        writer.key("type")
        writer.string(event.type)
        writer.key("event")
        writer.value(.object(event.source))
        writer.endObject()
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(InputError) -> EndpointEvent {
        var fields = FieldReader(try PushArguments.object(bytes))
        let id = fields.identifier("event_id", isRequired: true)
        let at = fields.timestamp("at", isRequired: true)
        let type = fields.identifier("type", isRequired: true)
        let source = fields.nested("event")
        if source == nil { fields.report("event", "This field is required.") }
        guard let id, let at, let type, let source else { throw InputError(problems: fields.problems) }
        return EndpointEvent(id: id, type: type, at: at, source: source)
    }
}
