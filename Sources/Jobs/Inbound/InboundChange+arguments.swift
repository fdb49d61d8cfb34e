import Basics

extension InboundChange {
    /// The arguments of a `twenty.event` job.
    public func arguments() -> [UInt8] {
        var members: [JSONObject.Member] = [
            .init(key: "source", value: .string(source.rawValue)), .init(key: "key", value: .string(key)),
            .init(key: "object", value: .string(object)), .init(key: "action", value: .string(action.rawValue)),
            .init(key: "workspace_id", value: .string(workspaceID)),
            .init(key: "at", value: .string(at.iso8601Microseconds)),
        ]
        if let webhookID { members.append(.init(key: "webhook_id", value: .string(webhookID))) }
        members.append(.init(key: "record", value: .object(record)))
        if let previous { members.append(.init(key: "previous", value: .object(previous))) }
        if !updatedFields.isEmpty {
            members.append(.init(key: "updated_fields", value: .array(updatedFields.map { .string($0) })))
        }
        if !actor.members.isEmpty { members.append(.init(key: "actor", value: .object(actor))) }
        return JSONValue.object(JSONObject(members: members)).encoded()
    }

    /// Reads what ``arguments()`` writes. Throws when the bytes are something else: the job cannot ever run.
    static func decode(_ bytes: [UInt8]) throws(InputError) -> InboundChange {
        let object = try PushArguments.object(bytes)
        var fields = FieldReader(object)
        let source = fields.identifier("source", isRequired: true).flatMap(Source.init(rawValue:))
        if source == nil { fields.report("source", "No such source is known.") }
        let action = fields.identifier("action", isRequired: true).flatMap(Action.init(rawValue:))
        if action == nil { fields.report("action", "No such action is known.") }
        let name = fields.identifier("object", isRequired: true)
        if let name, !EventType.isObjectName(name) { fields.report("object", "No object has such a name.") }
        let key = fields.identifier("key", isRequired: true)
        let workspaceID = fields.identifier("workspace_id", isRequired: true)
        let webhookID = fields.identifier("webhook_id")
        let at = fields.timestamp("at", isRequired: true)
        let record = fields.nested("record")
        if record == nil { fields.report("record", "This field is required.") }
        let previous = fields.nested("previous")
        let updated = fields.array("updated_fields") ?? []
        let actor = fields.nested("actor") ?? JSONObject()
        guard fields.problems.isEmpty, let source, let action, let name, let key, let workspaceID, let at, let record
        else { throw InputError(problems: fields.problems) }
        return InboundChange(
            source: source, key: key, object: name, action: action, workspaceID: workspaceID, webhookID: webhookID,
            at: at, record: record, previous: previous, updatedFields: updated.compactMap(\.string), actor: actor)
    }
}
