/// Why an engagement does not begin. Trying the same again does not help before somebody changes something.
public struct EngagementRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason; its text is what bulk runs count and cockpit runs keep.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The workspace has no account at the Hub, or there is no Hub.
        case notConfigured = "not_configured"
        /// The workspace has engagements switched off.
        case switchedOff = "switched_off"
        /// The account that was named is not the workspace's.
        case otherDomain = "other_domain"
        /// The CRM does not know the person.
        case unknownPerson = "unknown_person"
        /// The person does not want to be contacted.
        case doNotContact = "do_not_contact"
        /// The person has neither phone nor e-mail.
        case noContact = "no_contact"
        /// The person has none for the channel that was asked for.
        case noContactForChannel = "no_contact_for_channel"
        /// The contact that was named is none of the person's.
        case otherContact = "other_contact"
        /// The cockpit's word means nothing in this workspace.
        case unknownAction = "unknown_action"
        /// The person has an engagement that is not over.
        case active
    }

    public let reason: Reason
    /// For people.
    public let message: String
    /// The member of the request that is at fault; nil when it is none.
    public let field: String?

    init(_ reason: Reason, _ message: String, field: String? = nil) {
        (self.reason, self.message, self.field) = (reason, message, field)
    }

    /// The reason and the message.
    public var description: String { "\(reason.rawValue): \(message)" }
}
