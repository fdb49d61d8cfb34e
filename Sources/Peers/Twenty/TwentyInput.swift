internal import Basics

/// Turns what a caller sends into what is kept, or refuses it whole.
struct TwentyInput {
    let object: TwentyObject
    /// Who writes, as an actor.
    let actor: JSONObject

    /// The members to put over `current`; nil creates.
    func members(_ input: JSONObject, over current: JSONObject?) throws(TwentyError) -> JSONObject {
        var result = JSONObject()
        for member in input.members {
            guard let field = object.field(member.key) else {
                throw .badRequest("Object \(object.singular) doesn't have any \"\(member.key)\" field.")
            }
            // Kept by the server alone.
            if ["updatedAt", "updatedBy"].contains(field.name) { continue }
            result.set(member.key, try value(member.value, field, current?[member.key]))
        }
        if current == nil, result.value(at: "createdBy.name")?.string ?? "" == "" {
            // An actor without a name is thrown away as a whole.
            result.set("createdBy", .object(actor))
        }
        result.set("updatedBy", .object(actor))
        return result
    }

    private func value(
        _ value: JSONValue, _ field: TwentyField, _ current: JSONValue?
    ) throws(TwentyError) -> JSONValue {
        if let parts = field.kind.parts { return try composite(value, field, parts, current) }
        let invalid = TwentyError.badRequest("Invalid value for field \"\(field.name)\"")
        switch (field.kind, value) {
        case (.text, .null): return .string("")
        case (_, .null), (.text, .string), (.select, .string), (.boolean, .bool), (.number, .number), (.raw, _),
            (.position, .number):
            return value
        case (.position, .string(let text)) where ["first", "last"].contains(text): return .number("0")
        case (.uuid, .string(let text)):
            guard PeerID.isAccepted(text) else {
                throw .badRequest("'\(text)' is not a valid UUID", code: "INVALID_ARGS_DATA")
            }
            return .string(text.lowercased())
        case (.dateTime, .string(let text)):
            guard TwentyFilter.instant(text) != nil else { throw invalid }
            return value
        default: throw invalid
        }
    }

    private func composite(
        _ value: JSONValue, _ field: TwentyField, _ parts: [String], _ current: JSONValue?
    ) throws(TwentyError) -> JSONValue {
        if value.isNull { return field.kind.empty }
        guard let given = value.object else { throw .badRequest("Invalid value for field \"\(field.name)\"") }
        for member in given.members where !parts.contains(member.key) {
            throw .badRequest("Field \"\(field.name)\" doesn't have any \"\(member.key)\" subfield.")
        }
        var result = current?.object ?? field.kind.empty.object ?? JSONObject()
        switch field.kind {
        case .emails:
            result.merge(given)
            // What does not name the primary address takes it away.
            result.set("primaryEmail", .string((given.text("primaryEmail") ?? "").lowercased()))
        case .phones: return .object(try phones(given))
        case .links:
            result.merge(given)
            var url = result.text("primaryLinkUrl") ?? ""
            while url.hasSuffix("/") { url.removeLast() }
            result.set("primaryLinkUrl", .string(url))
        default: result.merge(given)
        }
        return .object(result)
    }

    /// All of it is written anew: what is not named is gone.
    private func phones(_ given: JSONObject) throws(TwentyError) -> JSONObject {
        func text(_ object: JSONObject, _ key: String) -> String? {
            object.text(key).flatMap { $0.isEmpty ? nil : $0 }
        }
        var result = TwentyField.Kind.phones.empty.object ?? JSONObject()
        if let number = text(given, "primaryPhoneNumber") {
            let phone = try TwentyPhone(
                number, country: text(given, "primaryPhoneCountryCode"),
                callingCode: text(given, "primaryPhoneCallingCode"))
            result.set("primaryPhoneNumber", .string(phone.national))
            result.set("primaryPhoneCountryCode", .string(phone.country))
            result.set("primaryPhoneCallingCode", .string(phone.callingCode))
        }
        guard let list = given["additionalPhones"]?.array else { return result }
        var others: [JSONValue] = []
        for item in list {
            let object = item.object ?? JSONObject()
            let phone = try TwentyPhone(
                text(object, "number") ?? "", country: text(object, "countryCode"),
                callingCode: text(object, "callingCode"))
            others.append(
                .object([
                    "number": .string(phone.national), "countryCode": .string(phone.country),
                    "callingCode": .string(phone.callingCode),
                ]))
        }
        result.set("additionalPhones", .array(others))
        return result
    }
}
