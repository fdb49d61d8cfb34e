import Basics

/// The arguments of an `endpoint.deliver` job: first the event, then, once the body is built, the body.
///
/// `{"endpoint": "ep_…", "message": "msg_…", "type": "person.created", "event_id": "…", "at": "…", "event": {…}}`, and then
/// `body` for `event_id`, `at` and `event`. Both forms splice the JSON in as it is, so no byte of it changes.
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

    init(endpointID: String, messageID: String, type: String, content: Content) {
        self.endpointID = endpointID
        self.messageID = messageID
        self.type = type
        self.content = content
    }

    /// Throws when the bytes are neither form: the job cannot ever run.
    init(_ bytes: [UInt8]) throws(InputError) {
        let object = try PushArguments.object(bytes)
        var fields = FieldReader(object)
        let endpointID = fields.token("endpoint", isRequired: true)
        let messageID = fields.identifier("message", isRequired: true)
        let type = fields.identifier("type", isRequired: true)
        if let endpointID, endpointID.utf8.count > 100 {
            fields.report("endpoint", "At most 100 characters are expected.")
        }
        guard let endpointID, let messageID, let type, fields.problems.isEmpty else {
            throw InputError(problems: fields.problems)
        }
        (self.endpointID, self.messageID, self.type) = (endpointID, messageID, type)
        if object["body"] != nil {
            let body: [UInt8]?
            do {
                body = try JSONParser.slice(of: "body", in: bytes, limits: PushArguments.limits)
            } catch {
                throw InputError(error)
            }
            content = .body(body ?? [])
            return
        }
        let id = fields.identifier("event_id", isRequired: true)
        let at = fields.timestamp("at", isRequired: true)
        let source = fields.nested("event")
        if source == nil { fields.report("event", "This field is required.") }
        guard let id, let at, let source else { throw InputError(problems: fields.problems) }
        content = .event(EndpointEvent(id: id, type: type, at: at, source: source))
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
        switch content {
        case .event(let event):
            writer.key("event_id")
            writer.string(event.id)
            writer.key("at")
            writer.string(event.at.iso8601Microseconds)
            writer.key("event")
            writer.raw(source ?? JSONValue.object(event.source).encoded())
        case .body(let body):
            writer.key("body")
            writer.raw(body)
        }
        writer.endObject()
        return writer.bytes
    }
}
