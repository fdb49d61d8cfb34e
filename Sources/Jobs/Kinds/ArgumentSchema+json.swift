public import Basics

extension ArgumentSchema {
    /// Writes itself as JSON Schema, 2020-12.
    public func write(to writer: inout JSONWriter) { write(to: &writer, isOptional: false, about: "") }

    private func write(to writer: inout JSONWriter, isOptional: Bool, about: String) {
        writer.beginObject()
        if let name = typeName {
            writer.key("type")
            if isOptional {
                writer.beginArray()
                writer.string(name)
                writer.string("null")
                writer.endArray()
            } else {
                writer.string(name)
            }
        }
        if !about.isEmpty {
            writer.key("description")
            writer.string(about)
        }
        writeLimits(to: &writer, isOptional: isOptional)
        writer.endObject()
    }

    private var typeName: String? {
        switch self {
        case .anything: nil
        case .boolean: "boolean"
        case .integer: "integer"
        case .text, .name, .choice, .time: "string"
        case .list: "array"
        case .object: "object"
        }
    }

    private func writeLimits(to writer: inout JSONWriter, isOptional: Bool) {
        func integer(_ key: String, _ value: Int64) {
            writer.key(key)
            writer.integer(value)
        }
        switch self {
        case .anything, .boolean: break
        case .integer(let range):
            integer("minimum", range.lowerBound)
            integer("maximum", range.upperBound)
        case .text(let maximum): integer("maxLength", Int64(maximum))
        case .name:
            integer("minLength", 1)
            integer("maxLength", 255)
        case .choice(let words):
            writer.key("enum")
            writer.beginArray()
            for word in words { writer.string(word) }
            if isOptional { writer.null() }
            writer.endArray()
        case .time:
            writer.key("format")
            writer.string("date-time")
        case .list(let item, let maximum):
            integer("maxItems", Int64(maximum))
            writer.key("items")
            item.write(to: &writer)
        case .object(let members, let allowsOthers): writeMembers(members, allowsOthers, to: &writer)
        }
    }

    private func writeMembers(_ members: [Member], _ allowsOthers: Bool, to writer: inout JSONWriter) {
        writer.key("properties")
        writer.beginObject()
        for member in members {
            writer.key(member.key)
            member.schema.write(to: &writer, isOptional: !member.isRequired, about: member.about)
        }
        writer.endObject()
        let required = members.filter(\.isRequired).map(\.key)
        if !required.isEmpty {
            writer.key("required")
            writer.beginArray()
            for key in required { writer.string(key) }
            writer.endArray()
        }
        writer.key("additionalProperties")
        writer.bool(allowsOthers)
    }
}
