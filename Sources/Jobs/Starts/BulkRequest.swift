public import Basics

/// A wish to engage many people alike: the body of `POST /rest/aventora/bulk-engagement`.
public struct BulkRequest: Sendable, Hashable {
    /// One of them.
    public struct Person: Sendable, Hashable {
        public var id: String
        /// What the request says of this person, as it stood there.
        public var fields: JSONObject
    }

    /// The CRM's workspace; nil: the account's.
    public var workspaceID: String?
    /// The account; nil: the workspace's.
    public var domainName: String?
    /// The same for all.
    public var wish: EngagementWish
    /// Each once, in the order of the request.
    public var people: [Person]
    /// How many are begun a minute.
    public var pacePerMinute: Int

    /// People of one request.
    public static let maximumPeople = 10_000
    /// What a pace may be.
    public static let paces: ClosedRange<Int64> = 1...600
    /// The pace of whoever says nothing.
    public static let standardPace = 30

    /// Reads a body: `personIds`, or `people` whose items are ids or objects with what a start says of a person.
    ///
    /// - Throws: malformed or invalid, with every problem.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> BulkRequest {
        var fields = FieldReader(try JSONObject.posted(bytes, "The members of a bulk"))
        let lists = ["personIds", "person_ids", "people"]
        fields.refuseOthers(than: StartMembers.wish + lists + ["pacePerMinute", "pace_per_minute"])
        let shared = StartMembers(&fields)
        let pace = fields.integer(fields.spelling("pacePerMinute", "pace_per_minute"), in: paces)
        let key = fields.member("people") == nil ? fields.spelling("personIds", "person_ids") : "people"
        if key == "people", fields.member(fields.spelling("personIds", "person_ids")) != nil {
            fields.report(key, "Give either people or personIds.")
        }
        let people = people(&fields, key)
        guard fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        return BulkRequest(
            workspaceID: shared.workspaceID, domainName: shared.domainName, wish: shared.wish, people: people,
            pacePerMinute: pace.map(Int.init) ?? standardPace)
    }

    private static func people(_ fields: inout FieldReader, _ key: String) -> [Person] {
        guard fields.member(key) != nil else {
            fields.report(key, "This field is required.")
            return []
        }
        guard let items = fields.array(key) else { return [] }
        guard (1...maximumPeople).contains(items.count) else {
            fields.report(key, "1 to \(maximumPeople) people are expected; these are \(items.count).")
            return []
        }
        var people: [Person] = []
        var seen: Set<String> = []
        for (index, item) in items.enumerated() {
            let object = item.object ?? ["personId": item]
            var reader = FieldReader(object, prefix: "/\(key)/\(index)")
            reader.refuseOthers(than: StartMembers.person)
            let person = GivenPerson(&reader)
            fields.append(reader.problems)
            guard let id = person.id, seen.insert(id).inserted else { continue }
            people.append(Person(id: id, fields: item.object ?? [:]))
        }
        return people
    }
}

/// One person of a bulk as its fields describe it.
struct GivenPerson {
    let id: String?
    let contact: String?
    let person: EngagementPerson?

    init(_ fields: inout FieldReader) {
        id = fields.identifier(fields.spelling("personId", "person_id"), isRequired: true)
        contact = fields.identifier(fields.spelling("contactIdentifier", "contact_identifier"))
        person = EngagementPerson(&fields)
    }
}
