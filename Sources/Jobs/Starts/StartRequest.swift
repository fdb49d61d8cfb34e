public import Basics

/// A wish to engage one person: the body of `POST /rest/aventora/start-engagement`.
public struct StartRequest: Sendable, Hashable {
    /// The CRM's person.
    public var personID: String
    /// The CRM's workspace; nil: the account's, else the only one that has settings.
    public var workspaceID: String?
    /// The account at the Hub; nil: the workspace's.
    public var domainName: String?
    /// How and what for.
    public var wish: EngagementWish
    /// Which of the person's contacts; nil: the first.
    public var contact: String?
    /// What the request says of the person; nil when it says nothing.
    public var person: EngagementPerson?

    /// Reads a body. Names may be spelt `personId` or `person_id`; members that are not known are refused, lest a
    /// misspelt one calls somebody by the wrong way.
    ///
    /// - Throws: malformed or invalid, with every problem.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> StartRequest {
        var fields = FieldReader(try JSONObject.posted(bytes, "The members of a start"))
        fields.refuseOthers(than: StartMembers.wish + StartMembers.person)
        let personID = fields.identifier(fields.spelling("personId", "person_id"), isRequired: true)
        let shared = StartMembers(&fields)
        let contact = fields.identifier(fields.spelling("contactIdentifier", "contact_identifier"))
        let person = EngagementPerson(&fields)
        guard let personID, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        return StartRequest(
            personID: personID, workspaceID: shared.workspaceID, domainName: shared.domainName, wish: shared.wish,
            contact: contact, person: person)
    }
}

/// What wishes for one person and for many have in common.
struct StartMembers {
    let workspaceID: String?
    let domainName: String?
    let wish: EngagementWish

    init(_ fields: inout FieldReader) {
        workspaceID = fields.identifier(fields.spelling("workspaceId", "workspace_id"))
        domainName = fields.identifier(fields.spelling("domainName", "domain_name"))
        wish = EngagementWish(
            &fields, actionKey: fields.spelling("cockpitActionType", "cockpit_action_type"))
    }

    static let wish =
        ["workspaceId", "workspace_id", "domainName", "domain_name", "cockpitActionType", "cockpit_action_type"]
        + EngagementWish.members
    static let person =
        ["personId", "person_id", "contactIdentifier", "contact_identifier"] + EngagementPerson.members
        + EngagementPerson.refusals
}

/// A wish to end an engagement: the body of `POST /rest/aventora/cancel-engagement`.
public enum CancelRequest: Sendable, Hashable {
    /// The engagement that the person has now.
    case ofPerson(id: String, workspaceID: String?, domainName: String?)
    /// The Hub's id.
    case ofEngagement(id: String)
    /// Our own id of a start.
    case ofStart(id: String)
    /// What is left of a bulk.
    case ofBulk(id: String)

    /// Reads a body that names one thing: `personId`, `engagementId`, `id` (of a start) or `bulkId`.
    ///
    /// - Throws: malformed or invalid, with every problem.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> CancelRequest {
        var fields = FieldReader(try JSONObject.posted(bytes, "The members of a cancel"))
        let names = ["personId", "engagementId", "id", "bulkId"]
        let scopes = ["workspaceId", "workspace_id", "domainName", "domain_name"]
        fields.refuseOthers(than: names + ["person_id", "engagement_id", "bulk_id"] + scopes)
        let person = fields.identifier(fields.spelling("personId", "person_id"))
        let engagement = fields.identifier(fields.spelling("engagementId", "engagement_id"))
        let start = fields.identifier("id")
        let bulk = fields.identifier(fields.spelling("bulkId", "bulk_id"))
        let workspaceID = fields.identifier(fields.spelling("workspaceId", "workspace_id"))
        let domainName = fields.identifier(fields.spelling("domainName", "domain_name"))
        let given = [person, engagement, start, bulk].compactMap { $0 }
        if given.count != 1, fields.problems.isEmpty {
            fields.append([.init(pointer: "", detail: "One of \(names.joined(separator: ", ")) is expected.")])
        }
        guard fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        if let engagement { return .ofEngagement(id: engagement) }
        if let start { return .ofStart(id: start) }
        if let bulk { return .ofBulk(id: bulk) }
        return .ofPerson(id: person ?? "", workspaceID: workspaceID, domainName: domainName)
    }
}
