internal import Basics

/// An agent as TIPS tells of them.
struct TipsAgent: Sendable, Hashable {
    let id: String
    let email: String
    let firstName: String
    let lastName: String
    let phone: String?
    /// Whether they are a user of the CRM at all.
    let isInCRM: Bool
    /// Whether they are a user of the Hub too, which is a role.
    let isInHub: Bool
    /// As TIPS writes it.
    let updatedAt: String?

    /// Nil without an id. An agent without an e-mail address is read, and fails when it is synced.
    init?(_ object: JSONObject) {
        guard let id = TipsText.id(object["id"]) else { return nil }
        self.id = id
        email = TipsText.trimmed(object["email"])?.lowercased() ?? ""
        firstName = TipsText.trimmed(object["firstName"]) ?? ""
        lastName = TipsText.trimmed(object["lastName"]) ?? ""
        phone = TipsText.phone(object["phone"])
        isInCRM = object["crmEnabled"] == .bool(true)
        isInHub = object["crmHubEnabled"] == .bool(true)
        updatedAt = object["updatedAt"]?.string
    }

    /// As it stands in a job's arguments, in the same form.
    var json: JSONObject {
        [
            "id": .string(id), "email": .string(email), "firstName": .string(firstName), "lastName": .string(lastName),
            "phone": phone.map { .string($0) } ?? .null, "crmEnabled": .bool(isInCRM), "crmHubEnabled": .bool(isInHub),
            "updatedAt": updatedAt.map { .string($0) } ?? .null,
        ]
    }

    /// Their name, or else their address.
    var name: String {
        let name = "\(firstName) \(lastName)".split(separator: " ").joined(separator: " ")
        return name.isEmpty ? email : name
    }

    /// What their member in the CRM holds. The CRM keeps the agent's id as a number, so an id that is none is left out.
    var memberFields: JSONObject {
        var fields: JSONObject = [
            "tipsCrmEnabled": .bool(isInCRM), "tipsCrmHubEnabled": .bool(isInHub), "tipsPhone": .string(phone ?? ""),
        ]
        if let number = Int64(id) { fields.members.append(.init(key: "tipsAgentId", value: .number("\(number)"))) }
        return fields
    }

    /// Their role's name.
    var role: String { isInHub ? TipsFields.hubRole : TipsFields.memberRole }
}

/// A client as TIPS tells of them.
struct TipsClientRow: Sendable, Hashable {
    let id: String
    let firstName: String
    let lastName: String
    let email: String?
    let phone: TwentyPhone?
    let status: String
    let updatedAt: Timestamp?

    /// Nil without an id.
    init?(_ object: JSONObject) {
        guard let id = TipsText.id(object["id"]) else { return nil }
        self.id = id
        firstName = TipsText.trimmed(object["firstName"]) ?? ""
        lastName = TipsText.trimmed(object["lastName"]) ?? ""
        email = TipsText.trimmed(object["email"]).flatMap { $0.contains("@") ? $0.lowercased() : nil }
        phone = TipsText.phone(object["phone"]).flatMap { TwentyPhone($0) }
        status = TipsText.trimmed(object["status"]) ?? ""
        updatedAt = object["updatedAt"]?.string.flatMap { Timestamp(iso8601: $0) }
    }

    /// What is to be so of their person.
    ///
    /// - Parameter hasEmail: false where another person has the address already.
    func person(agent: TipsAgent, memberID: String?, hasEmail: Bool = true) -> TwentyPerson {
        var others: JSONObject = ["tipsClientId": .string(id), "tipsStatus": .string(status)]
        if let number = Int64(agent.id) {
            others.members.append(.init(key: "tipsAgentId", value: .number("\(number)")))
        }
        return TwentyPerson(
            firstName: firstName, lastName: lastName, email: hasEmail ? email : nil, phone: phone,
            createdBy: TwentyActor(source: "IMPORT", name: agent.name, workspaceMemberID: memberID), others: others)
    }
}

/// Values of TIPS as they may come.
enum TipsText {
    /// An id, a number or a text.
    static func id(_ value: JSONValue?) -> String? {
        switch value {
        case .number(let text): text
        case .string(let text): text.isEmpty || text.utf8.count > 100 ? nil : text
        default: nil
        }
    }

    static func trimmed(_ value: JSONValue?) -> String? {
        guard let text = value?.string else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.isEmpty ? nil : words
    }

    /// A number with its calling code. One of ten digits is North American; of one that cannot be told nothing is left.
    static func phone(_ value: JSONValue?) -> String? {
        guard let text = trimmed(value) else { return nil }
        if text.hasPrefix("+") { return TwentyPhone(text)?.e164 }
        let digits = text.filter { $0.isASCII && $0.isNumber }
        switch digits.utf8.count {
        case 10: return TwentyPhone("+1\(digits)")?.e164
        case 11 where digits.hasPrefix("1"): return TwentyPhone("+\(digits)")?.e164
        default: return nil
        }
    }
}
