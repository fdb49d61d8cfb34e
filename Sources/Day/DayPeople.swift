internal import Basics
internal import Peers

/// The people and members of a workspace.
struct DayPeople: Sendable {
    private let people: [JSONObject]
    private let byID: [String: JSONObject]
    private let memberEmails: [String: String]
    private let members: [JSONObject]
    private let roles: JSONObject

    init(_ workspace: JSONObject) {
        people = workspace["people"]?.objects ?? []
        members = workspace["workspaceMembers"]?.objects ?? []
        roles = workspace["memberRoles"]?.object ?? JSONObject()
        byID = Dictionary(people.map { ($0["id"]?.string ?? "", $0) }) { first, _ in first }
        memberEmails = Dictionary(
            members.map { ($0["id"]?.string ?? "", $0["userEmail"]?.string ?? "") }
        ) { first, _ in first }
    }

    func phone(_ id: String?) -> String {
        guard let id else { return "nobody" }
        return byID[id].map(Self.phone) ?? "unknown \(id)"
    }

    /// Who it is: a contact by their number, any other client by TIPS's id.
    func identity(_ id: String) -> String {
        guard let person = byID[id] else { return "unknown \(id)" }
        let phone = Self.phone(person)
        return phone.hasPrefix(DayContact.phonePrefix) ? phone : "client \(person["tipsClientId"]?.string ?? "-")"
    }

    func add(_ plan: DayPlan, _ state: inout DayState) {
        for member in members {
            let id = member["id"]?.string ?? ""
            state.add(
                .members,
                DayLine.member(
                    member["userEmail"]?.string ?? "-", role: roles[id]?.string ?? "-",
                    agent: member["tipsAgentId"].flatMap(Self.text), isHub: member["tipsCrmHubEnabled"] == .bool(true)))
        }
        for person in people {
            let phone = Self.phone(person)
            let name = person["name"]?.object
            let owner = person["createdBy"]?.object?["workspaceMemberId"]?.string
            state.add(
                .people,
                DayLine.person(
                    phone.hasPrefix(DayContact.phonePrefix) ? phone : phone == "-" ? "-" : nil,
                    person["emails"]?.object?["primaryEmail"]?.string ?? "-",
                    "\(name?["firstName"]?.string ?? "") \(name?["lastName"]?.string ?? "")",
                    owner: owner.map { memberEmails[$0] ?? "unknown" } ?? "the system",
                    number: person[DayPlan.scopeField].flatMap(Self.text),
                    client: person["tipsClientId"]?.string.flatMap { $0.isEmpty ? nil : $0 },
                    agent: person["tipsAgentId"].flatMap(Self.text)))
        }
    }

    private static func phone(_ person: JSONObject) -> String {
        let phones = person["phones"]?.object
        guard let number = phones?["primaryPhoneNumber"]?.string, !number.isEmpty else { return "-" }
        return (phones?["primaryPhoneCallingCode"]?.string ?? "") + number
    }

    /// A number or a text, as text; nil for null.
    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .number(let text): text
        case .string(let text): text.isEmpty ? nil : text
        default: nil
        }
    }
}
