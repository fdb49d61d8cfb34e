import Basics

/// The arguments of an `endpoint.deliver` job: first the event, then, once the body is built, the body.
///
/// `{"endpoint": "ep_…", "message": "msg_…", "type": "person.created", "event_id": "…", "at": "…", "event": {…}}`, and then
/// `body` for `at` and `event`, beside `domain_name`, `engagement_id` and `call_sid` for the log. Both forms splice the JSON in as it is, so no byte of it changes.
struct EndpointArguments: Sendable, Hashable {
    enum Content: Sendable, Hashable {
        case event(EndpointEvent)
        case body([UInt8])
    }

    /// Where it goes.
    let endpointID: String
    /// `webhook-id`: the same on every attempt and replay.
    let messageID: String
    /// The event's type.
    let type: String
    let content: Content

    /// What the event is about, for the log.
    let subject: EventSubject
    /// The delivery that it repeats.
    var replayOf: String?

    /// The first form.
    init(endpointID: String, messageID: String, event: EndpointEvent) {
        (self.endpointID, self.messageID) = (endpointID, messageID)
        (type, subject, content) = (event.type, EventSubject(event), .event(event))
    }

    private init(_ first: EndpointArguments, body: [UInt8]) {
        (endpointID, messageID, type) = (first.endpointID, first.messageID, first.type)
        (subject, replayOf, content) = (first.subject, first.replayOf, .body(body))
    }

    /// The second form.
    func with(body: [UInt8]) -> EndpointArguments { EndpointArguments(self, body: body) }

    /// Throws when the bytes are neither form: the job cannot ever run.
    init(_ bytes: [UInt8]) throws(InputError) {
        let object = try PushArguments.object(bytes)
        var fields = FieldReader(object)
        let endpointID = fields.token("endpoint", isRequired: true)
        let messageID = fields.identifier("message", isRequired: true)
        let type = fields.identifier("type", isRequired: true)
        let isBuilt = object["body"] != nil
        let eventID = fields.identifier("event_id", isRequired: !isBuilt)
        if let endpointID, endpointID.utf8.count > 100 {
            fields.report("endpoint", "At most 100 characters are expected.")
        }
        replayOf = fields.token("replay_of")
        if isBuilt {
            subject = EventSubject(
                id: eventID, domainName: fields.identifier("domain_name"),
                engagementID: fields.identifier("engagement_id"), callSID: fields.identifier("call_sid"))
            content = .body(try Self.body(in: bytes))
        } else {
            let at = fields.timestamp("at", isRequired: true)
            let source = fields.nested("event")
            if source == nil { fields.report("event", "This field is required.") }
            guard let eventID, let type, let at, let source else { throw InputError(problems: fields.problems) }
            let event = EndpointEvent(id: eventID, type: type, at: at, source: source)
            (subject, content) = (EventSubject(event), .event(event))
        }
        guard let endpointID, let messageID, let type, fields.problems.isEmpty else {
            throw InputError(problems: fields.problems)
        }
        (self.endpointID, self.messageID, self.type) = (endpointID, messageID, type)
    }

    private static func body(in bytes: [UInt8]) throws(InputError) -> [UInt8] {
        do {
            return try JSONParser.slice(of: "body", in: bytes, limits: PushArguments.limits) ?? []
        } catch {
            throw InputError(error)
        }
    }

    /// - Parameter source: the event's bytes, where the caller has them already.
    func encoded(source: [UInt8]? = nil) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("endpoint")
        writer.string(endpointID)
        writer.key("message")
        writer.string(messageID)
        writer.key("type")
        writer.string(type)
        if let replayOf {
            writer.key("replay_of")
            writer.string(replayOf)
        }
        switch content {
        case .event(let event):
            writer.key("event_id")
            writer.string(event.id)
            writer.key("at")
            writer.string(event.at.iso8601Microseconds)
            writer.key("event")
            writer.raw(source ?? JSONValue.object(event.source).encoded())
        case .body(let body):
            subject.write(to: &writer)
            writer.key("body")
            writer.raw(body)
        }
        writer.endObject()
        return writer.bytes
    }
}

/// What an event is about: what deliveries are looked for by.
struct EventSubject: Sendable, Hashable {
    let id: String?
    let domainName: String?
    let engagementID: String?
    let callSID: String?

    init(id: String?, domainName: String?, engagementID: String?, callSID: String?) {
        (self.id, self.domainName, self.engagementID, self.callSID) = (id, domainName, engagementID, callSID)
    }

    init(_ event: EndpointEvent) {
        self.init(
            id: event.id, domainName: event.source["domain_name"]?.string,
            engagementID: event.source["engagement_id"]?.string, callSID: event.source["call_sid"]?.string)
    }

    /// Those that there are, as members of an object.
    func write(to writer: inout JSONWriter) {
        let members = [
            ("event_id", id), ("domain_name", domainName), ("engagement_id", engagementID), ("call_sid", callSID),
        ]
        for (key, value) in members {
            guard let value else { continue }
            writer.key(key)
            writer.string(value)
        }
    }
}
