public import Basics

/// The arguments of an `engagement.push` job: `{"target": "twenty", "delivery_type": "status", "event": {...}}`; those of a
/// repeated one have `message` and `replay_of` too.
public struct PushArguments: Sendable, Hashable {
    /// Where it goes.
    public let target: CRMTarget
    /// Why it goes.
    public let deliveryType: DeliveryType
    /// The event, as pushed: `call.started` has become `engagement.created`.
    public let event: Event
    /// `webhook-id`, where it is that of another job's push.
    public var messageID: String?
    /// The delivery that it repeats.
    public var replayOf: String?

    /// The arguments' bytes. A `call.started` is renamed here, and its engagement id filled in from its call.
    public static func encode(target: CRMTarget, deliveryType: DeliveryType, event: Event) -> [UInt8] {
        let isStart = event.type == .callStarted
        var writer = JSONWriter(capacity: 768)
        writer.beginObject()
        writer.key("target")
        writer.string(target.rawValue)
        writer.key("delivery_type")
        writer.string(deliveryType.rawValue)
        writer.key("event")
        event.write(
            to: &writer,
            typeName: isStart ? EventType.engagementCreated.name : nil,
            engagementID: isStart ? event.engagementID ?? event.callSID : nil,
        )
        writer.endObject()
        return writer.bytes
    }

    /// Throws when the bytes are not what `encode` writes: the job cannot ever run.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> PushArguments {
        let object = try object(bytes)
        var fields = FieldReader(object)
        let target = fields.identifier("target", isRequired: true).flatMap(CRMTarget.init(rawValue:))
        if target == nil { fields.report("target", "No such target is known.") }
        let type = fields.identifier("delivery_type", isRequired: true).flatMap(DeliveryType.init(rawValue:))
        if type == nil { fields.report("delivery_type", "No such delivery type is known.") }
        guard let target, let type else { throw InputError(problems: fields.problems) }
        let event = try Event(object["event"] ?? .null, pointer: "/event")
        var arguments = PushArguments(target: target, deliveryType: type, event: event)
        arguments.messageID = fields.identifier("message")
        arguments.replayOf = fields.token("replay_of")
        guard fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        return arguments
    }

    /// Of arguments: they were checked when they came in, so only the engine's size limit applies.
    static let limits = JSONLimits(bytes: 8_388_608, depth: 80, values: 1_000_000)

    /// A job's arguments as an object. They were checked when they came in, so only the engine's size limit applies.
    static func object(_ bytes: [UInt8]) throws(InputError) -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes, limits: limits)
        } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            throw InputError(problems: [FieldProblem(pointer: "", detail: "A job's arguments are a JSON object.")])
        }
        return object
    }
}

/// Why a push is sent, as its body says.
public enum DeliveryType: String, Sendable, Hashable, CaseIterable {
    /// The engagement's first push.
    case bootstrap
    /// A change of state.
    case status
    /// A change of the call's log.
    case callLog = "call_log"
    /// Sent again on a person's request.
    case replay

    /// The delivery type of a pushed event.
    public static func of(_ type: EventType) -> DeliveryType {
        if type == .callStarted || type == .engagementCreated { return .bootstrap }
        return type.family == .callLog ? .callLog : .status
    }
}
