internal import Basics
internal import Threads

/// All that the CRM holds: what Twenty's routes, its provisioning routes and domain-chatbot have in common.
public final class CRM: Sendable {
    struct State: Sendable {
        var workspaces: [Workspace] = []
        /// 0 for no limit.
        var limitPerMinute = 0
        var era = TwentyEra.newest
        var sendsWebhooks = true

        func index(key: String) -> Int? { workspaces.firstIndex { $0.apiKey == key } }
        func index(id: String) -> Int? { workspaces.firstIndex { $0.id == id.lowercased() } }
        func index(subdomain: String) -> Int? { workspaces.firstIndex { $0.subdomain == subdomain } }
    }

    /// The workspace that is there from the start.
    public static let firstWorkspaceID = "20202020-1c25-4d02-bf25-6aeccf7ea419"

    let clock: PeerClock
    let outgoing: TwentyWebhooks
    private let held: Locked<State>

    init(clock: PeerClock, options: PeersOptions) {
        self.clock = clock
        outgoing = TwentyWebhooks(clock: clock)
        var first = Workspace(
            id: Self.firstWorkspaceID, subdomain: "acme", displayName: "Acme", apiKey: options.secrets.workspaceKey)
        first.adminEmail = "admin@acme.test"
        if let webhook = options.webhook {
            first.webhooks = [
                [
                    "id": .string(PeerID.derived("webhook:\(webhook.url)")), "targetUrl": .string(webhook.url),
                    "operations": .texts(["*.*"]), "description": .null, "secret": .string(webhook.secret),
                ]
            ]
        }
        var state = State()
        state.workspaces = [first]
        (state.limitPerMinute, state.era) = (options.twentyLimit, options.era)
        held = Locked(state)
    }

    func read<Result: Sendable>(_ look: (State) -> Result) -> Result { held.withLock { look($0) } }

    func change<Result: Sendable, Failure: Error>(
        _ change: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try held.withLock { (state) throws(Failure) in try change(&state) }
    }

    /// A member of a workspace, made if there is none yet.
    static func ensureMember(
        _ email: String, firstName: String, lastName: String, in workspace: inout Workspace, now: String
    ) -> (member: JSONObject, isNew: Bool) {
        if let member = workspace.member(email: email) { return (member, false) }
        let names: JSONObject = ["firstName": .string(firstName), "lastName": .string(lastName)]
        let record = TwentyRecord.make(
            [
                "name": .object(names), "userEmail": .string(email.lowercased()),
                "userId": .string(PeerID.derived("user:\(email.lowercased())")),
            ], workspace.members.object, now: now)
        workspace.members.append(record)
        workspace.memberRoles[record.text("id") ?? ""] = "Member"
        return (record, true)
    }
}

/// Records as they are made and changed.
enum TwentyRecord {
    /// A whole record: the given members over the empty ones.
    static func make(_ members: JSONObject, _ object: TwentyObject, now: String) -> JSONObject {
        var record: JSONObject = ["id": .string(PeerID.random())]
        for field in object.fields where field.name != "id" { record.set(field.name, field.kind.empty) }
        record.merge(["createdAt": .string(now), "updatedAt": .string(now), "deletedAt": .null])
        record.merge(members)
        return record
    }

    /// The names of the fields that differ, without those that the server keeps.
    static func changes(_ before: JSONObject, _ after: JSONObject) -> [String] {
        after.members.filter { member in
            !["updatedAt", "updatedBy"].contains(member.key) && before[member.key] != member.value
        }.map(\.key)
    }
}
