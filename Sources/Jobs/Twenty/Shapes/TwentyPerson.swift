public import Basics

/// What is to be so of a person in Twenty. Nil leaves a field as it is.
public struct TwentyPerson: Sendable, Hashable {
    public var firstName: String?
    public var lastName: String?
    /// Twenty keeps it in lower case, and one person for each.
    public var email: String?
    public var phone: TwentyPhone?
    public var jobTitle: String?
    /// The company's id in Twenty.
    public var companyID: String?
    /// For a create only; an update never touches it unless it is asked for by a patch of its own.
    public var createdBy: TwentyActor?
    /// More fields by their API names. One that the workspace does not have makes Twenty refuse the whole record.
    public var others: JSONObject

    /// A person of whom nothing is said.
    public init(
        firstName: String? = nil, lastName: String? = nil, email: String? = nil, phone: TwentyPhone? = nil,
        jobTitle: String? = nil, companyID: String? = nil, createdBy: TwentyActor? = nil, others: JSONObject = [:]
    ) {
        (self.firstName, self.lastName, self.phone, self.jobTitle) = (firstName, lastName, phone, jobTitle)
        (self.companyID, self.createdBy, self.others) = (companyID, createdBy, others)
        self.email = email?.lowercased()
    }

    /// The fields for a create, or for an upsert of a person of whom nothing is known yet.
    ///
    /// - Parameter id: ours, of version 1 to 5.
    public func fields(id: String?) -> JSONObject {
        var fields = JSONObject()
        func add(_ key: String, _ value: JSONValue?) {
            if let value { fields.members.append(.init(key: key, value: value)) }
        }
        add("id", id.map { .string($0) })
        if firstName != nil || lastName != nil {
            add("name", .object(["firstName": .string(firstName ?? ""), "lastName": .string(lastName ?? "")]))
        }
        add("emails", email.map { .object(["primaryEmail": .string($0)]) })
        add("phones", phone.map { .object(["primaryPhoneNumber": .string($0.e164)]) })
        add("jobTitle", jobTitle.map { .string($0) })
        add("companyId", companyID.map { .string($0) })
        add("createdBy", createdBy?.value)
        fields.members += others.members
        return fields
    }

    /// What a patch must hold to make the record so; empty when it is already. Additional e-mails and numbers stay: Twenty
    /// drops those that are not sent again.
    public func changes(from record: TwentyRecord) -> JSONObject {
        var changes = JSONObject()
        func add(_ key: String, _ value: JSONValue) { changes.members.append(.init(key: key, value: value)) }
        let (first, last) = (record.text("name.firstName") ?? "", record.text("name.lastName") ?? "")
        if (firstName ?? first) != first || (lastName ?? last) != last {
            add("name", .object(["firstName": .string(firstName ?? first), "lastName": .string(lastName ?? last)]))
        }
        if let email, email != record.primaryEmail?.lowercased() {
            add("emails", Self.merged(record["emails"], ["primaryEmail": .string(email)], keeping: "additionalEmails"))
        }
        if let phone, phone != record.primaryPhone {
            let number: JSONObject = ["primaryPhoneNumber": .string(phone.e164)]
            add("phones", Self.merged(record["phones"], number, keeping: "additionalPhones"))
        }
        if let jobTitle, jobTitle != record.text("jobTitle") ?? "" { add("jobTitle", .string(jobTitle)) }
        if let companyID, companyID != record.companyID { add("companyId", .string(companyID)) }
        changes.members += others.members.filter { !$0.value.isCovered(by: record[$0.key]) }
        return changes
    }

    private static func merged(_ current: JSONValue?, _ new: JSONObject, keeping key: String) -> JSONValue {
        guard let kept = current?.object?[key], !kept.isNull else { return .object(new) }
        return .object(JSONObject(members: new.members + [.init(key: key, value: kept)]))
    }
}
