import Basics

/// What has to be known of a person to engage them.
public struct EngagementPerson: Sendable, Hashable {
    /// The primary first; digits with or without a plus sign.
    public var phones: [String]
    /// The primary first.
    public var emails: [String]
    /// Whether the person wants to be left alone.
    public var doNotContact: Bool

    /// Of each list.
    public static let maximumContacts = 50

    /// Numbers and addresses that cannot be any are left out, repetitions too.
    public init(phones: [String], emails: [String], doNotContact: Bool = false) {
        self.phones = Self.unique(phones.compactMap(Self.number), by: Self.digits)
        self.emails = Self.unique(emails.compactMap(Self.address)) { $0.lowercased() }
        self.doNotContact = doNotContact
    }

    /// Takes the person out of an object: `phones` and `emails` as lists of texts or as Twenty has them, `phone`, `email`,
    /// `doNotContact`. Nil when it says nothing of them.
    init?(_ fields: inout FieldReader) {
        guard (Self.members + Self.refusals).contains(where: { fields.member($0) != nil }) else { return nil }
        let phones = fields.contacts("phones", primary: "primaryPhoneNumber", others: "additionalPhones", Self.number)
        let emails = fields.contacts("emails", primary: "primaryEmail", others: "additionalEmails", Self.address)
        let phone = fields.contact("phone", Self.number), email = fields.contact("email", Self.address)
        let refusal = fields.boolean(fields.spelling("doNotContact", "do_not_contact"))
        self.init(
            phones: [phone].compactMap { $0 } + phones, emails: [email].compactMap { $0 } + emails,
            doNotContact: refusal ?? false)
    }

    static let members = ["phones", "emails", "phone", "email"]
    static let refusals = ["doNotContact", "do_not_contact"]

    /// A number without what people write between its digits; nil when it cannot be one.
    static func number(_ text: String) -> String? {
        let kept = text.unicodeScalars.filter { !" -().\u{A0}/".unicodeScalars.contains($0) }
        let number = String(String.UnicodeScalarView(kept))
        let digits = number.hasPrefix("+") ? number.dropFirst() : number[...]
        guard (4...20).contains(digits.utf8.count), digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return number
    }

    /// An address; nil when it cannot be one.
    static func address(_ text: String) -> String? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), text.utf8.count <= 254,
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else { return nil }
        return text
    }

    /// A number as two spellings of it are compared.
    static func digits(_ number: String) -> String { number.filter { $0 != "+" } }

    private static func unique(_ texts: [String], by key: (String) -> String) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert(key($0)).inserted }
    }
}

extension FieldReader {
    fileprivate mutating func contact(_ key: String, _ check: (String) -> String?) -> String? {
        guard let value = member(key) else { return nil }
        guard let text = value.string else {
            report(key, "A string is expected, not \(value.kindName).")
            return nil
        }
        if text.isEmpty { return nil }
        let contact = check(text)
        if contact == nil { report(key, Self.notAContact) }
        return contact
    }

    fileprivate mutating func contacts(
        _ key: String, primary: String, others: String, _ check: (String) -> String?
    ) -> [String] {
        guard let value = member(key) else { return [] }
        let items: [JSONValue]
        if let object = value.object {
            items = [.object(object)] + (object[others]?.array ?? [])
        } else if let array = value.array {
            items = array
        } else {
            report(key, "An array of strings is expected, not \(value.kindName).")
            return []
        }
        guard items.count <= EngagementPerson.maximumContacts else {
            report(key, "At most \(EngagementPerson.maximumContacts) are allowed; these are \(items.count).")
            return []
        }
        var contacts: [String] = []
        for (index, item) in items.enumerated() {
            guard let text = Self.text(of: item, primary: primary), !text.isEmpty else { continue }
            if let contact = check(text) {
                contacts.append(contact)
            } else {
                append([.init(pointer: "\(prefix)/\(key)/\(index)", detail: Self.notAContact)])
            }
        }
        return contacts
    }

    private static let notAContact = "This is no phone number and no e-mail address, as is expected here."

    /// A text, or what Twenty has in its place: a number with its calling code apart, or a wrapped address.
    private static func text(of item: JSONValue, primary: String) -> String? {
        guard let object = item.object else { return item.string }
        guard let text = (object[primary] ?? object["number"] ?? object["email"])?.string, !text.isEmpty else {
            return nil
        }
        let code = (object["primaryPhoneCallingCode"] ?? object["callingCode"])?.string ?? ""
        return text.hasPrefix("+") || code.isEmpty ? text : code + text
    }
}
