/// How and where a person is engaged: decided once, kept with the start.
struct ContactChoice: Sendable, Hashable {
    let channel: EngagementChannel
    /// One of the person's own.
    let identifier: String

    /// Chooses. A channel that was asked for is kept or refused; a usual one gives way where the person cannot be reached
    /// by it.
    ///
    /// - Parameters:
    ///   - contact: the phone or e-mail that was asked for, in any spelling.
    ///   - channel: the one that was asked for.
    ///   - usual: for whoever asks for none.
    static func make(
        of person: EngagementPerson, contact: String?, channel: EngagementChannel?, usual: EngagementChannel
    ) throws(EngagementRefusal) -> ContactChoice {
        guard !person.doNotContact else {
            throw EngagementRefusal(.doNotContact, "the person does not want to be contacted")
        }
        guard !person.phones.isEmpty || !person.emails.isEmpty else {
            throw EngagementRefusal(.noContact, "the person has no phone or email")
        }
        if let contact { return try make(of: person, contact: contact, channel: channel, usual: usual) }
        if let channel {
            guard let first = (channel.takesNumber ? person.phones : person.emails).first else {
                let other =
                    channel.takesNumber ? "no phone: only email is possible" : "no email: only phone and sms are"
                throw EngagementRefusal(.noContactForChannel, "the person has \(other)", field: "channel")
            }
            return ContactChoice(channel: channel, identifier: first)
        }
        if usual.takesNumber, let phone = person.phones.first {
            return ContactChoice(channel: usual, identifier: phone)
        }
        if let email = person.emails.first { return ContactChoice(channel: .email, identifier: email) }
        return ContactChoice(channel: .phone, identifier: person.phones[0])
    }

    private static func make(
        of person: EngagementPerson, contact: String, channel: EngagementChannel?, usual: EngagementChannel
    ) throws(EngagementRefusal) -> ContactChoice {
        let wanted = EngagementPerson.number(contact).map(EngagementPerson.digits)
        let phone = person.phones.first { EngagementPerson.digits($0) == wanted }
        let email = person.emails.first { $0.lowercased() == contact.lowercased() }
        switch (phone, email, channel) {
        case (let phone?, _, let channel?) where channel.takesNumber:
            return ContactChoice(channel: channel, identifier: phone)
        case (let phone?, _, nil):
            return ContactChoice(channel: usual.takesNumber ? usual : .phone, identifier: phone)
        case (_, let email?, .email), (_, let email?, nil):
            return ContactChoice(channel: .email, identifier: email)
        default:
            let kind = channel.map { $0.takesNumber ? "phone numbers" : "email addresses" } ?? "contacts"
            throw EngagementRefusal(
                .otherContact, "it is none of the person's \(kind)", field: "contactIdentifier")
        }
    }
}
