public import Basics

/// A record as Twenty sent it.
public struct TwentyRecord: Sendable, Hashable {
    /// All its fields.
    public let fields: JSONObject
    /// Its id.
    public let id: String

    /// Nil for an object without an id.
    public init?(_ value: JSONValue?) {
        guard let fields = value?.object, let id = fields["id"]?.string, !id.isEmpty else { return nil }
        (self.fields, self.id) = (fields, id)
    }

    /// A field by its API name.
    public subscript(name: String) -> JSONValue? { fields[name] }

    /// A text field, or a part of a composite one such as `emails.primaryEmail`; nil when it is empty or no text.
    public func text(_ path: String) -> String? {
        var value: JSONValue? = .object(fields)
        for name in path.split(separator: ".") { value = value?.object?[String(name)] }
        guard let text = value?.string, !text.isEmpty else { return nil }
        return text
    }

    /// When it last changed.
    public var updatedAt: Timestamp? { text("updatedAt").flatMap { Timestamp(iso8601: $0) } }
    /// When it was put into the trash; nil while it is not.
    public var deletedAt: Timestamp? { text("deletedAt").flatMap { Timestamp(iso8601: $0) } }
    /// A person's.
    public var primaryEmail: String? { text("emails.primaryEmail") }
    /// A person's.
    public var companyID: String? { text("companyId") }
    /// Who made it.
    public var createdBy: TwentyActor? { TwentyActor(fields["createdBy"]) }

    /// The person's primary number; nil when there is none or it cannot be read. What is stored may be the national
    /// number or the whole one.
    public var primaryPhone: TwentyPhone? {
        guard let number = text("phones.primaryPhoneNumber") else { return nil }
        if number.hasPrefix("+") { return TwentyPhone(number) }
        guard let code = text("phones.primaryPhoneCallingCode") else { return nil }
        return TwentyPhone((code.hasPrefix("+") ? code : "+" + code) + number)
    }
}
