import Basics

extension SyncItem {
    /// Most of `fields`.
    static let maximumFields = 100

    /// Reads a person: `{"external_id", "name"?, "first_name"?, "last_name"?, "email"?, "phone"?, "job_title"?,
    /// "company_external_id"?, "company_name"?, "fields"?}`.
    init?(person fields: inout FieldReader) {
        fields.refuseOthers(than: Self.personFields)
        let externalID = fields.identifier("external_id", isRequired: true)
        var person = TwentyPerson()
        let whole = fields.text("name", maximumBytes: 500)
        (person.firstName, person.lastName) = Self.parts(whole)
        if let first = fields.text("first_name", maximumBytes: 500) { person.firstName = first }
        if let last = fields.text("last_name", maximumBytes: 500) { person.lastName = last }
        person.jobTitle = fields.text("job_title", maximumBytes: 500)
        person.email = Self.email(&fields)
        if let text = fields.text("phone", maximumBytes: 50) {
            person.phone = TwentyPhone(text)
            if person.phone == nil {
                fields.report("phone", "An international number is expected, with a plus sign, like +14165551234.")
            }
        }
        person.others = Self.others(&fields)
        let company = fields.identifier("company_external_id")
        let name = fields.text("company_name", maximumBytes: 500)
        guard let externalID else { return nil }
        self.init(
            externalID: externalID, draft: .person(person),
            employer: company.map { Employer(externalID: $0, name: name) })
    }

    /// Reads a company: `{"external_id", "name"?, "website"?, "fields"?}`.
    init?(company fields: inout FieldReader) {
        fields.refuseOthers(than: Self.companyFields)
        let externalID = fields.identifier("external_id", isRequired: true)
        let website = fields.text("website", maximumBytes: 1_000)
        let company = TwentyCompany(
            name: fields.text("name", maximumBytes: 500), website: website.flatMap { $0.isEmpty ? nil : $0 },
            others: Self.others(&fields))
        guard let externalID else { return nil }
        self.init(externalID: externalID, draft: .company(company), employer: nil)
    }

    /// A company of which nothing is known but what a person says of it.
    init(employer: Employer) {
        self.init(
            externalID: employer.externalID, draft: .company(TwentyCompany(name: employer.name ?? employer.externalID)),
            employer: nil)
    }

    static let personFields = [
        "external_id", "name", "first_name", "last_name", "email", "phone", "job_title", "company_external_id",
        "company_name", "fields",
    ]
    static let companyFields = ["external_id", "name", "website", "fields"]

    /// The first word and the rest; a single word is a first name.
    private static func parts(_ name: String?) -> (String?, String?) {
        guard let name else { return (nil, nil) }
        let words = name.split(whereSeparator: \.isWhitespace)
        return (words.first.map(String.init) ?? "", words.dropFirst().joined(separator: " "))
    }

    private static func email(_ fields: inout FieldReader) -> String? {
        guard let text = fields.text("email", maximumBytes: 320), !text.isEmpty else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), isPlain else {
            fields.report("email", "An e-mail address is expected.")
            return nil
        }
        return text.lowercased()
    }

    /// Fields under their API names; those that the draft itself writes are refused here.
    private static func others(_ fields: inout FieldReader) -> JSONObject {
        guard let object = fields.nested("fields") else { return [:] }
        let taken = [
            "id", "name", "emails", "phones", "companyId", "domainName", "createdBy", "createdAt", "updatedAt",
            "deletedAt",
        ]
        if object.members.count > maximumFields { fields.report("fields", "At most \(maximumFields) are allowed.") }
        for member in object.members where taken.contains(member.key) {
            fields.append([
                .init(
                    pointer: fields.prefix + "/fields" + FieldProblem.token(member.key),
                    detail: "This field has a name of its own here, or is Twenty's.")
            ])
        }
        return object
    }
}

extension FieldReader {
    /// Reads one record, alone in its object.
    static func item(_ bytes: [UInt8], _ kind: SyncKind) throws(InputError) -> SyncItem {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: 1_048_576)) } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            throw InputError(problems: [.init(pointer: "", detail: "An object is expected, not \(value.kindName).")])
        }
        var fields = FieldReader(object)
        let item = kind == .person ? SyncItem(person: &fields) : SyncItem(company: &fields)
        guard let item, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        return item
    }
}
