// What happens in the day, and with that what must be there at its end. Everything else in this module either does what
// is planned here or looks at what came of it.

internal import Peers

/// How much happens.
public struct DaySize: Sendable, Hashable {
    /// People who are called, each in the morning and in the afternoon. 50 to 9,000.
    public var contacts = 100
    /// Changes of each call's log. 4 to 500.
    public var updates = 25
    /// How long a call's changes come, in ms.
    public var callMilliseconds: Int64 = 6_000
    /// Agents that TIPS has. 1 to 20.
    public var agents = 10
    /// Clients that each of them has. 20 to 10,000.
    public var clients = 500

    /// Two hundred calls with 5,000 changes, and 5,000 clients.
    public init() {}

    /// How many calls there are.
    var calls: Int { contacts * 2 }
}

/// Somebody who calls.
struct DayUser: Sendable {
    let email: String
    /// What the CRM's wall knows them by.
    let number: Int
    /// Their id at the Hub, where the CRM does not know them by their address.
    let hubID: String?
}

/// Somebody who is called.
struct DayContact: Sendable {
    /// Whose record Twenty has of them in the morning.
    enum Origin: Sendable { case nobody, system, member }

    let number: Int
    let origin: Origin
    let user: DayUser
    /// The client of TIPS who they are too.
    let client: DayClient?

    var firstName: String { "Caller" }
    var lastName: String { "Number\(number)" }
    /// Of the record that is there from the start. Another one each day: the database remembers with whom somebody spoke
    /// on a day that was broken off.
    let id: String
    /// Another one each day, too: it remembers whose an address is, and which client a person is.
    let email: String
    /// Nobody else's begins with ``phonePrefix``.
    let phone: String

    static let phonePrefix = "+1416"
}

/// A client of an agent of TIPS.
struct DayClient: Sendable, Hashable {
    let agent: Int
    let place: Int

    /// As TIPS makes it up.
    var id: String { "\(agent * 1_000_000 + place)" }
}

/// One day.
struct DayPlan: Sendable {
    /// The account, which is also the workspace's subdomain.
    static let account = "acme"
    static let workspaceID = CRM.firstWorkspaceID
    static let scopeField = "ownerNumber"
    /// Of the record that a member keeps: whose it is stays.
    static let keeper = users[0]
    static let users = [
        DayUser(email: "ann@acme.test", number: 101, hubID: nil),
        DayUser(email: "bob@acme.test", number: 102, hubID: nil),
        DayUser(email: "cleo@acme.test", number: 103, hubID: nil),
        DayUser(email: "dan@acme.test", number: 104, hubID: "hub-user-7"),
    ]
    static let newcomers = ["eve@acme.test", "finn@acme.test", "gus@acme.test"]

    /// In the names of calls: no two days have the same.
    let name: String
    let size: DaySize
    let contacts: [DayContact]
    /// Their numbers, from which TIPS makes up clients.
    let agents: [Int]

    /// - Parameter firstAgent: TIPS's clients of another day are known to be there.
    init(name: String, size: DaySize, firstAgent: Int) {
        (self.name, self.size) = (name, size)
        let agents = Array(firstAgent..<(firstAgent + size.agents))
        self.agents = agents
        contacts = (0..<size.contacts).map { number in
            let origin: DayContact.Origin =
                switch number {
                case 0..<20: .system
                case 20..<30: .member
                default: .nobody
                }
            let place = number - 30
            let client = 0..<20 ~= place ? DayClient(agent: agents[place % agents.count], place: place) : nil
            let id = firstAgent / 20 % 10_000_000 * 10_000 + number
            let local = 2_000_000 + (firstAgent / 20 * size.contacts + number) % 8_000_000
            return DayContact(
                number: number, origin: origin, user: Self.users[number % Self.users.count], client: client,
                id: "00000000-0000-4000-8000-\(Self.padded(id, 12))", email: "caller\(number)@\(name).test",
                phone: DayContact.phonePrefix + String(local))
        }
    }

    /// The name of a call.
    ///
    /// - Parameter half: 0 in the morning, 1 in the afternoon.
    func call(_ contact: DayContact, half: Int) -> String { "\(name)-\(contact.number)-\(half)" }

    /// Whether somebody puts the call on hold.
    func isPaused(_ contact: DayContact) -> Bool { contact.number.isMultiple(of: 4) }

    /// People whom the CRM has engaged in the evening.
    var engaged: [DayContact] { contacts.filter { $0.origin == .member } }

    /// Events that are pushed at once: a beginning and an end for each call, and both sides of a hold.
    var statusEvents: Int { (2 * size.contacts + 2 * contacts.filter(isPaused).count) * 2 }

    static func agentEmail(_ number: Int) -> String { "agent\(number)@tips.test" }

    static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
