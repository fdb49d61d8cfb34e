import Basics

/// Who is at the other end of a call, and who started it, as far as the event and the Hub tell.
struct CallContact: Sendable, Hashable {
    /// Who started the call, as the CRM knows its users.
    struct Initiator: Sendable, Hashable {
        var userID: String?
        var email: String?
        var phone: String?

        /// Whether anybody can be found by it.
        var isKnown: Bool { userID != nil || email != nil || phone != nil }
    }

    var phone: TwentyPhone?
    var email: String?
    var firstName: String?
    var lastName: String?
    var initiator = Initiator()

    /// - Parameters:
    ///   - event: its data may name `contact_identifier`, `contact_phone`, `contact_email`, `contact_name`, and of whoever
    ///     started the call `external_user_id`, `user_email`, `user_phone_number`.
    ///   - identifier: what the Hub says of the contact, where the event says nothing.
    init(_ event: Event, identifier: String?) {
        let data = event.data ?? JSONObject()
        func text(_ keys: String...) -> String? {
            for key in keys {
                if let text = data[key]?.string, !text.isEmpty, text.utf8.count <= 255 { return text }
            }
            return nil
        }
        for candidate in [text("contact_phone"), text("contact_identifier"), identifier] {
            phone = phone ?? candidate.flatMap { TwentyPhone($0) }
        }
        for candidate in [text("contact_email"), text("contact_identifier"), identifier] {
            email = email ?? candidate.flatMap(Self.email)
        }
        if let name = text("contact_name") {
            let words = name.split(separator: " ")
            firstName = words.dropLast(words.count > 1 ? 1 : 0).joined(separator: " ")
            lastName = words.count > 1 ? words.last.map(String.init) : nil
        }
        initiator = Initiator(
            userID: text("external_user_id"), email: text("user_email").flatMap(Self.email),
            phone: text("user_phone_number"))
    }

    /// Whether a person can be found by it.
    var isReachable: Bool { phone != nil || email != nil }

    /// What names the person where nothing else does: the number, else the address.
    var identity: String { phone?.e164 ?? email ?? "" }

    /// The person to be made of it.
    func person(_ ownership: OwnershipContext?) -> TwentyPerson {
        TwentyPerson(
            firstName: firstName ?? identity, lastName: lastName ?? "", email: email, phone: phone,
            createdBy: ownership?.actor, others: ownership?.scope ?? [:])
    }

    private static func email(_ text: String) -> String? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        guard parts.count == 2, !parts[0].isEmpty, parts[1].contains("."), isPlain else { return nil }
        return text.lowercased()
    }
}
