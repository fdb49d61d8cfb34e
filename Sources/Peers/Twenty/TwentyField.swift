internal import Basics

/// A field of an object.
struct TwentyField: Sendable {
    enum Kind: String, Sendable {
        case text = "TEXT"
        case number = "NUMBER"
        case boolean = "BOOLEAN"
        case dateTime = "DATE_TIME"
        case uuid = "UUID"
        case select = "SELECT"
        case position = "POSITION"
        case raw = "RAW_JSON"
        case fullName = "FULL_NAME"
        case emails = "EMAILS"
        case phones = "PHONES"
        case links = "LINKS"
        case actor = "ACTOR"
        case address = "ADDRESS"
        case currency = "CURRENCY"

        /// The parts of a composite; nil for a scalar.
        var parts: [String]? {
            switch self {
            case .fullName: ["firstName", "lastName"]
            case .emails: ["primaryEmail", "additionalEmails"]
            case .phones:
                ["primaryPhoneNumber", "primaryPhoneCountryCode", "primaryPhoneCallingCode", "additionalPhones"]
            case .links: ["primaryLinkUrl", "primaryLinkLabel", "secondaryLinks"]
            case .actor: ["source", "workspaceMemberId", "name", "context"]
            case .address:
                [
                    "addressStreet1", "addressStreet2", "addressCity", "addressState", "addressPostcode",
                    "addressCountry",
                ]
            case .currency: ["amountMicros", "currencyCode"]
            default: nil
            }
        }

        /// What a record holds that was created without the field.
        var empty: JSONValue {
            switch self {
            case .text: .string("")
            case .number, .boolean, .dateTime, .uuid, .select, .raw: .null
            case .position: .number("0")
            case .fullName: .object(["firstName": .string(""), "lastName": .string("")])
            case .emails: .object(["primaryEmail": .string(""), "additionalEmails": .null])
            case .phones:
                .object([
                    "primaryPhoneNumber": .string(""), "primaryPhoneCountryCode": .string(""),
                    "primaryPhoneCallingCode": .string(""), "additionalPhones": .null,
                ])
            case .links:
                .object(["primaryLinkUrl": .string(""), "primaryLinkLabel": .string(""), "secondaryLinks": .null])
            case .actor, .address, .currency: .null
            }
        }
    }

    let name: String
    let kind: Kind
    var isUnique = false
    var isCustom = false

    /// The path whose value must be unique, when it must.
    var uniquePath: String? {
        guard isUnique else { return nil }
        return switch kind {
        case .emails: "\(name).primaryEmail"
        case .links: "\(name).primaryLinkUrl"
        default: name
        }
    }

    var json: JSONObject {
        [
            "id": .string(PeerID.derived("field:\(name)")), "name": .string(name), "type": .string(kind.rawValue),
            "label": .string(name), "isUnique": .bool(isUnique), "isCustom": .bool(isCustom), "isActive": .bool(true),
        ]
    }
}

/// An object's names and fields.
struct TwentyObject: Sendable {
    let singular: String
    let plural: String
    var fields: [TwentyField]

    /// As in `createPerson`.
    var capital: String { singular.prefix(1).uppercased() + singular.dropFirst() }
    /// As in `createPeople`.
    var capitalPlural: String { plural.prefix(1).uppercased() + plural.dropFirst() }

    func field(_ name: String) -> TwentyField? { fields.first { $0.name == name } }

    var uniquePaths: [String] { ["id"] + fields.compactMap(\.uniquePath) }

    var json: JSONObject {
        [
            "id": .string(PeerID.derived("object:\(singular)")), "nameSingular": .string(singular),
            "namePlural": .string(plural), "isCustom": .bool(false), "isActive": .bool(true),
            "fields": .array(fields.map { .object($0.json) }),
        ]
    }

    private static let common = [
        TwentyField(name: "id", kind: .uuid), TwentyField(name: "createdAt", kind: .dateTime),
        TwentyField(name: "updatedAt", kind: .dateTime), TwentyField(name: "deletedAt", kind: .dateTime),
        TwentyField(name: "position", kind: .position), TwentyField(name: "createdBy", kind: .actor),
        TwentyField(name: "updatedBy", kind: .actor),
    ]

    static let standard = [
        TwentyObject(
            singular: "person", plural: "people",
            fields: common + [
                TwentyField(name: "name", kind: .fullName), TwentyField(name: "emails", kind: .emails, isUnique: true),
                TwentyField(name: "phones", kind: .phones), TwentyField(name: "linkedinLink", kind: .links),
                TwentyField(name: "xLink", kind: .links), TwentyField(name: "jobTitle", kind: .text),
                TwentyField(name: "city", kind: .text), TwentyField(name: "avatarUrl", kind: .text),
                TwentyField(name: "companyId", kind: .uuid),
            ]),
        TwentyObject(
            singular: "company", plural: "companies",
            fields: common + [
                TwentyField(name: "name", kind: .text), TwentyField(name: "domainName", kind: .links, isUnique: true),
                TwentyField(name: "linkedinLink", kind: .links), TwentyField(name: "employees", kind: .number),
                TwentyField(name: "address", kind: .address),
                TwentyField(name: "annualRecurringRevenue", kind: .currency),
                TwentyField(name: "idealCustomerProfile", kind: .boolean),
                TwentyField(name: "accountOwnerId", kind: .uuid),
            ]),
        TwentyObject(
            singular: "workspaceMember", plural: "workspaceMembers",
            fields: common + [
                TwentyField(name: "name", kind: .fullName), TwentyField(name: "userEmail", kind: .text),
                TwentyField(name: "userId", kind: .uuid), TwentyField(name: "avatarUrl", kind: .text),
                TwentyField(name: "locale", kind: .text), TwentyField(name: "timeZone", kind: .text),
            ]),
    ]
}
