internal import Basics

/// An agent with clients, who are made up as they are asked for: a hundred thousand take no memory.
struct TipsAgent: Sendable {
    let id: String
    private var members: JSONObject
    private(set) var clientCount: Int
    /// What was said of single clients, by id.
    private var said: [String: JSONObject] = [:]
    private let number: Int
    private let seededAt: String

    init(number: Int, clientCount: Int, updatedAt: String) {
        self.init(["client_count": .count(clientCount)], number: number, updatedAt: updatedAt)
    }

    /// An agent as seeded: what is missing is made up from its number.
    ///
    /// - Parameters:
    ///   - object: an agent's members; `client_count` for made-up clients or `clients` for these.
    ///   - number: from which its clients' ids and numbers are made up.
    init(_ object: JSONObject, number: Int, updatedAt: String) {
        id = object.text("id") ?? "\(number)"
        self.number = number
        seededAt = updatedAt
        members = [
            "id": .string(id), "email": .string("agent\(number)@tips.test"), "firstName": .string("Agent"),
            "lastName": .string("Number\(number)"), "crmEnabled": .bool(true), "crmHubEnabled": .bool(number % 2 == 1),
            "phone": .string("+1416555" + Self.padded(number % 10_000)), "updatedAt": .string(updatedAt),
        ]
        let clients = object["clients"]?.objects ?? []
        clientCount = object["client_count"]?.integer.map { Int($0) } ?? clients.count
        for member in object.members where !["client_count", "clients", "number"].contains(member.key) {
            members.set(member.key, member.value)
        }
        listed = clients.map { $0.text("id") ?? "" }
        for client in clients { said[client.text("id") ?? ""] = client }
    }

    /// The ids of clients that were given one by one; those that are made up have no need.
    private let listed: [String]

    var json: JSONObject { members }

    /// Puts members over its own and over those of its clients.
    mutating func change(_ object: JSONObject, updatedAt: String) {
        for member in object.members where !["id", "clients", "client_count"].contains(member.key) {
            members.set(member.key, member.value)
        }
        if object["updatedAt"] == nil { members.set("updatedAt", .string(updatedAt)) }
        if let count = object["client_count"]?.integer { clientCount = Int(count) }
        for client in object["clients"]?.objects ?? [] {
            guard let id = client.text("id") else { continue }
            var merged = said[id] ?? JSONObject()
            merged.merge(client)
            if client["updatedAt"] == nil { merged.set("updatedAt", .string(updatedAt)) }
            said[id] = merged
        }
    }

    /// The client at a place.
    func client(_ place: Int) -> JSONObject {
        let id = place < listed.count ? listed[place] : "\(number * 1_000_000 + place)"
        var client: JSONObject = [
            "id": .string(id), "firstName": .string("Client"), "lastName": .string("Of\(number)No\(place)"),
            "email": .string("client\(id)@tips.test"),
            "phone": .string("+1647" + String((2_000_000 + number * 10_000 + place) % 8_000_000 + 2_000_000)),
            "status": .string("active"), "updatedAt": .string(seededAt),
        ]
        if let words = said[id] { client.merge(words) }
        return client
    }

    /// The places of clients that changed at this time or later.
    func places(newerThan since: Int64?) -> [Int] {
        guard let since else { return Array(0..<clientCount) }
        let isSeedNewer = Timestamp(iso8601: seededAt).map { $0.microseconds >= since } ?? true
        // Without a word on any of them all are as old as the seed.
        if !isSeedNewer, said.isEmpty { return [] }
        return (0..<clientCount).filter { place in
            Timestamp(iso8601: client(place).text("updatedAt") ?? "").map { $0.microseconds >= since } ?? true
        }
    }

    func isNewer(than since: Int64?) -> Bool {
        guard let since else { return true }
        return Timestamp(iso8601: members.text("updatedAt") ?? "").map { $0.microseconds >= since } ?? true
    }

    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }
}
