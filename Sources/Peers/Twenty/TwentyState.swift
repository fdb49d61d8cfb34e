internal import Basics

/// Workspaces as tests see and seed them.
enum TwentyState {
    static func json(_ workspace: Workspace) -> JSONObject {
        func records(_ store: RecordStore) -> JSONValue { .array(store.all.map { .object($0) }) }
        let custom = workspace.objects.map { object in
            JSONObject.Member(
                key: object.singular,
                value: .array(object.fields.filter(\.isCustom).map { .object($0.json) }))
        }
        var state = settings(workspace)
        state.merge([
            "people": records(workspace.people), "companies": records(workspace.companies),
            "workspaceMembers": records(workspace.members), "fields": .object(JSONObject(members: custom)),
            "webhooks": .array(workspace.webhooks.map { .object($0) }), "roles": .texts(workspace.roles),
            "refused": .count(workspace.bucket.refused), "busiest_minute": .count(workspace.bucket.busiestMinute),
        ])
        let roles = workspace.memberRoles.sorted { $0.key < $1.key }
            .map { JSONObject.Member(key: $0.key, value: .string($0.value)) }
        state.set("memberRoles", .object(JSONObject(members: roles)))
        return state
    }

    /// What the provisioning routes know of it.
    static func settings(_ workspace: Workspace) -> JSONObject {
        [
            "id": .string(workspace.id), "subdomain": .string(workspace.subdomain),
            "displayName": .string(workspace.displayName), "activationStatus": .string(workspace.activationStatus),
            "adminEmail": .string(workspace.adminEmail), "apiKey": .string(workspace.apiKey),
            "hubConnected": .bool(workspace.hubConnected), "assignedDomain": .text(workspace.assignedDomain),
            "isDemo": .bool(workspace.isDemo), "scopeField": .text(workspace.scopeField),
            "scopeValues": .object(
                JSONObject(
                    members: workspace.scopeValues.sorted { $0.key < $1.key }
                        .map { JSONObject.Member(key: $0.key, value: .count($0.value)) })),
        ]
    }

    /// Makes or changes a workspace; lists that are named replace its own.
    static func seed(_ item: JSONObject, _ state: inout CRM.State, now: String) throws(InputError) {
        let id = (item.text("id") ?? CRM.firstWorkspaceID).lowercased()
        let place = state.index(id: id) ?? state.workspaces.count
        if place == state.workspaces.count {
            let subdomain = item.text("subdomain") ?? String(id.prefix(8))
            state.workspaces.append(
                Workspace(id: id, subdomain: subdomain, displayName: subdomain, apiKey: "key-\(id)"))
        }
        var workspace = state.workspaces[place]
        apply(item, &workspace)
        do throws(TwentyError) {
            try fields(item, &workspace)
            try records(item, &workspace, now: now)
            if let webhooks = item["webhooks"]?.objects {
                workspace.webhooks = []
                for webhook in webhooks { workspace.webhooks.append(try TwentyMetadata.webhook(webhook)) }
            }
        } catch {
            throw InputError(kind: .invalid, message: error.message)
        }
        workspace.events = []
        state.workspaces[place] = workspace
    }

    private static func apply(_ item: JSONObject, _ workspace: inout Workspace) {
        if let phones = item["memberPhones"]?.object {
            workspace.memberPhones = [:]
            for member in phones.members { workspace.memberPhones[member.key] = member.value.string }
        }
        if let users = item["externalUsers"]?.object {
            workspace.externalUsers = [:]
            for member in users.members { workspace.externalUsers[member.key] = member.value.string }
        }
        if let text = item.text("subdomain") { workspace.subdomain = text }
        if let text = item.text("displayName") { workspace.displayName = text }
        if let text = item.text("activationStatus") { workspace.activationStatus = text }
        if let text = item.text("adminEmail") { workspace.adminEmail = text }
        if let text = item.text("apiKey") { workspace.apiKey = text }
        if let flag = item["hubConnected"] { workspace.hubConnected = flag == .bool(true) }
        if let flag = item["isDemo"] { workspace.isDemo = flag == .bool(true) }
        if let value = item["assignedDomain"] { workspace.assignedDomain = value.string }
        if let value = item["scopeField"] { workspace.scopeField = value.string }
        if let roles = item["roles"]?.strings { workspace.roles = roles }
        if let values = item["scopeValues"]?.object {
            workspace.scopeValues = [:]
            for member in values.members { workspace.scopeValues[member.key.lowercased()] = member.value.integer }
        }
    }

    private static func fields(_ item: JSONObject, _ workspace: inout Workspace) throws(TwentyError) {
        for object in workspace.objects {
            guard let path = Workspace.path(object.plural) else { continue }
            for field in item["fields"]?.object?[object.singular]?.objects ?? [] {
                guard let name = field.text("name"), let kind = TwentyField.Kind(rawValue: field.text("type") ?? "TEXT")
                else { throw .badRequest("a field needs a name and a known type") }
                guard workspace[keyPath: path].object.field(name) == nil else { continue }
                workspace[keyPath: path].add(
                    TwentyField(name: name, kind: kind, isUnique: field["isUnique"] == .bool(true), isCustom: true))
            }
        }
    }

    private static func records(
        _ item: JSONObject, _ workspace: inout Workspace, now: String
    ) throws(TwentyError) {
        for object in workspace.objects {
            guard let path = Workspace.path(object.plural), let rows = item[object.plural]?.objects else { continue }
            var store = RecordStore(workspace[keyPath: path].object)
            let input = TwentyInput(object: store.object, actor: workspace.keyActor)
            for row in rows {
                var record = TwentyRecord.make(try input.members(row, over: nil), store.object, now: now)
                // A seed may be old, deleted, or anybody's.
                for key in ["updatedAt", "updatedBy"] { if let value = row[key] { record.set(key, value) } }
                guard store.clashes(record).isEmpty else { throw .duplicate }
                store.append(record)
            }
            workspace[keyPath: path] = store
        }
    }
}
