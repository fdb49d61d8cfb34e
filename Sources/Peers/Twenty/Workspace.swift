internal import Basics

/// One customer of the CRM: its settings, which the provisioning routes and domain-chatbot see, and its records.
struct Workspace: Sendable {
    var id: String
    var subdomain: String
    var displayName: String
    var activationStatus = "ACTIVE"
    var adminEmail = ""
    var apiKey: String
    var keyName = "Aventora"
    var hubConnected = false
    var assignedDomain: String?
    var isDemo = false
    /// The name of the person wall's scope field, and its value by a member's e-mail address.
    var scopeField: String?
    var scopeValues: [String: Int64] = [:]
    /// A member's e-mail address by the telephone they call from.
    var memberPhones: [String: String] = [:]
    /// A member's e-mail address by their id at the Hub.
    var externalUsers: [String: String] = [:]
    var people: RecordStore
    var companies: RecordStore
    var members: RecordStore
    var webhooks: [JSONObject] = []
    /// Labels of roles; a member's is in ``memberRoles`` by member id.
    var roles = ["Admin", "Member"]
    var memberRoles: [String: String] = [:]
    var bucket = TokenBucket()
    /// What its webhooks are still to be told.
    var events: [TwentyEvent] = []

    init(id: String, subdomain: String, displayName: String, apiKey: String) {
        (self.id, self.subdomain, self.displayName, self.apiKey) = (id, subdomain, displayName, apiKey)
        people = RecordStore(TwentyObject.standard[0])
        companies = RecordStore(TwentyObject.standard[1])
        members = RecordStore(TwentyObject.standard[2])
    }

    var objects: [TwentyObject] { [people.object, companies.object, members.object] }

    /// The actor of what comes with the workspace's key.
    var keyActor: JSONObject {
        [
            "source": .string("API"), "workspaceMemberId": .null, "name": .string(keyName),
            "context": .object(JSONObject()),
        ]
    }

    func member(email: String) -> JSONObject? {
        members.all.first { $0.text("userEmail") == email.lowercased() }
    }

    /// Members who are to be users of the Hub: those whose role says so, or all where no such role exists.
    var hubEmails: [String] {
        let hubRoles = roles.filter { $0.contains("Aventora Hub") }
        return members.all.filter { member in
            guard !hubRoles.isEmpty else { return true }
            return memberRoles[member.text("id") ?? ""].map(hubRoles.contains) ?? false
        }.compactMap { $0.text("userEmail") }
    }
}

/// How much a workspace may still ask: a bucket that fills evenly, and a count of the busiest minute for tests to look
/// at.
struct TokenBucket: Sendable {
    private var level: Double?
    private var filledAt: Int64 = 0
    private var taken: [Int64] = []
    private(set) var refused = 0
    private(set) var busiestMinute = 0

    /// Whether one more may be asked now; nil for yes, else the milliseconds to wait.
    mutating func take(limit: Int, now: Int64) -> Int64? {
        let capacity = Double(limit)
        let gained = Double(now - filledAt) * capacity / 60_000
        let full = min(capacity, (level ?? capacity) + max(0, gained))
        filledAt = now
        guard full >= 1 else {
            level = full
            refused += 1
            return Int64(((1 - full) * 60_000 / capacity).rounded(.up))
        }
        level = full - 1
        count(now)
        return nil
    }

    /// Counts one call of the last minute.
    mutating func count(_ now: Int64) {
        taken.append(now)
        if let first = taken.firstIndex(where: { $0 > now - 60_000 }), first > 0 { taken.removeFirst(first) }
        busiestMinute = max(busiestMinute, taken.count)
    }
}
