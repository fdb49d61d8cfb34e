internal import Basics
internal import Threads

/// domain-chatbot's accounts, which the assistant makes too.
public final class Domains: Sendable {
    struct Domain: Sendable {
        let workspaceID: String
        var users: [String] = []
        /// What it was made with, telephony included.
        var settings = JSONObject()
    }

    let crm: CRM
    private let held = Locked<[String: Domain]>([:])

    /// None yet.
    public init(_ crm: CRM) { self.crm = crm }

    /// Makes the domain of a workspace and links both.
    ///
    /// - Returns: its name and whether it is new; nil for a name that no domain may have.
    func provision(_ workspace: Workspace, _ settings: JSONObject) -> (name: String, isNew: Bool)? {
        let name = workspace.assignedDomain ?? workspace.subdomain
        guard Self.isSlug(name) else { return nil }
        let isNew = held.withLock { domains in
            guard domains[name] == nil else { return false }
            domains[name] = Domain(workspaceID: workspace.id, users: [], settings: settings)
            return true
        }
        crm.change { state in
            guard let index = state.index(id: workspace.id) else { return }
            state.workspaces[index].hubConnected = true
            state.workspaces[index].assignedDomain = name
        }
        return (name, isNew)
    }

    /// Makes users of all who are to be; the new ones and the others.
    func synchronize(_ workspace: Workspace) -> (added: [String], existing: [String]) {
        let name = workspace.assignedDomain ?? workspace.subdomain
        return held.withLock { domains in
            var domain = domains[name] ?? Domain(workspaceID: workspace.id)
            let existing = workspace.hubEmails.filter { domain.users.contains($0) }
            let added = workspace.hubEmails.filter { !domain.users.contains($0) }
            domain.users += added
            domains[name] = domain
            return (added, existing)
        }
    }

    func workspace(id: String?) -> Workspace? {
        crm.read { state in id.flatMap { state.index(id: $0) }.map { state.workspaces[$0] } }
    }

    func workspaceID(ofDomain name: String) -> String? {
        held.withLock { $0[name]?.workspaceID }
            ?? crm.read { state in state.workspaces.first { $0.assignedDomain == name }?.id }
    }

    /// As domain-chatbot has it: `[a-z0-9-]{3,30}`.
    static func isSlug(_ name: String) -> Bool {
        3...30 ~= name.utf8.count
            && name.allSatisfy { $0 == "-" || ($0.isASCII && ($0.isLowercase || $0.isNumber)) }
    }

    var json: JSONValue {
        held.withLock { domains in
            .array(
                domains.sorted { $0.key < $1.key }.map { name, domain in
                    .object([
                        "domainName": .string(name), "workspaceId": .string(domain.workspaceID),
                        "users": .texts(domain.users), "settings": .object(domain.settings),
                    ])
                })
        }
    }

    /// Takes the items of a `domains` list in place of all.
    func replace(_ items: [JSONObject]) {
        held.withLock { domains in
            domains = [:]
            for item in items {
                guard let name = item.text("domainName"), let id = item.text("workspaceId") else { continue }
                domains[name] = Domain(
                    workspaceID: id, users: item["users"]?.strings ?? [],
                    settings: item["settings"]?.object ?? JSONObject())
            }
        }
    }
}
