import Basics

/// Takes checked members out of one JSON object and notes every problem with its pointer.
///
/// A member that is `null` counts as absent.
struct FieldReader {
    let object: JSONObject
    /// The object's own pointer.
    let prefix: String
    private(set) var problems: [FieldProblem] = []

    init(_ object: JSONObject, prefix: String = "") {
        self.object = object
        self.prefix = prefix
    }

    mutating func report(_ key: String, _ detail: String) {
        problems.append(FieldProblem(pointer: prefix + FieldProblem.token(key), detail: detail))
    }

    mutating func append(_ more: [FieldProblem]) { problems += more }

    /// The member, nil when absent or null.
    func member(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    /// An opaque id or name: 1 to 255 characters, no control characters.
    mutating func identifier(_ key: String, isRequired: Bool = false) -> String? {
        guard let value = member(key) else {
            if isRequired { report(key, "This field is required.") }
            return nil
        }
        guard let text = value.string else {
            report(key, "A string is expected, not \(value.kindName).")
            return nil
        }
        if let fault = Self.identifierFault(text) {
            report(key, fault)
            return nil
        }
        return text
    }

    /// Free text of at most `maximumBytes` bytes of UTF-8.
    mutating func text(_ key: String, maximumBytes: Int = 65_536) -> String? {
        guard let value = member(key) else { return nil }
        guard let text = value.string else {
            report(key, "A string or null is expected, not \(value.kindName).")
            return nil
        }
        guard text.utf8.count <= maximumBytes else {
            report(key, "At most \(maximumBytes) bytes are allowed; this has \(text.utf8.count).")
            return nil
        }
        return text
    }

    /// An instant.
    mutating func timestamp(_ key: String, isRequired: Bool = false) -> Timestamp? {
        guard let value = member(key) else {
            if isRequired { report(key, "This field is required.") }
            return nil
        }
        guard let text = value.string, let instant = Timestamp(iso8601: text) else {
            report(key, "An ISO-8601 time is expected, like 2026-01-31T12:00:00.000Z.")
            return nil
        }
        return instant
    }

    /// An object.
    mutating func nested(_ key: String) -> JSONObject? {
        guard let value = member(key) else { return nil }
        guard let object = value.object else {
            report(key, "An object is expected, not \(value.kindName).")
            return nil
        }
        return object
    }

    /// An array.
    mutating func array(_ key: String) -> [JSONValue]? {
        guard let value = member(key) else { return nil }
        guard let items = value.array else {
            report(key, "An array or null is expected, not \(value.kindName).")
            return nil
        }
        return items
    }

    private static func identifierFault(_ text: String) -> String? {
        if text.isEmpty { return "It must not be empty." }
        // A character is at least one byte, so the cheap count settles nearly every case.
        if text.utf8.count > 255, text.unicodeScalars.count > 255 {
            return "At most 255 characters are allowed; this has \(text.unicodeScalars.count)."
        }
        let hasControl = text.unicodeScalars.contains { $0.value < 0x20 || 0x7F...0x9F ~= $0.value }
        return hasControl ? "Control characters are not allowed." : nil
    }
}
