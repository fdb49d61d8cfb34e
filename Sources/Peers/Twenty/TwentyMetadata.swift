internal import Basics

/// Fields, webhooks and roles of a workspace.
enum TwentyMetadata {
    /// `/rest/metadata/objects` and `/rest/metadata/fields`.
    static func answer(_ request: PeerRequest, _ workspace: inout Workspace) throws(TwentyError) -> PeerAnswer {
        switch (request.method, request.segments.dropFirst(2).first ?? "") {
        case ("GET", "objects"):
            let objects = workspace.objects.map { JSONValue.object($0.json) }
            return .json(200, ["data": .object(["objects": .array(objects)]), "totalCount": .count(objects.count)])
        case ("POST", "fields"): return try addField(request.object, &workspace)
        default: throw TwentyError(404, "NotFoundException", "Cannot \(request.method) \(request.path)")
        }
    }

    private static func addField(
        _ body: JSONObject, _ workspace: inout Workspace
    ) throws(TwentyError) -> PeerAnswer {
        let objectID = body.text("objectMetadataId") ?? ""
        guard let object = workspace.objects.first(where: { $0.json.text("id") == objectID }),
            let path = Workspace.path(object.plural)
        else { throw .badRequest("Object metadata does not exist") }
        guard let name = body.text("name"), let kind = body.text("type").flatMap(TwentyField.Kind.init),
            name.first?.isLowercase ?? false, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
        else { throw .badRequest("Field name or type is not valid") }
        guard body.text("label") != nil else { throw .badRequest("Field label is missing") }
        guard object.field(name) == nil else {
            throw .badRequest("Name \"\(name)\" is not available: another field has it")
        }
        let field = TwentyField(name: name, kind: kind, isUnique: body["isUnique"] == .bool(true), isCustom: true)
        workspace[keyPath: path].add(field)
        return .json(201, ["data": .object(["createOneField": .object(field.json)])])
    }

    /// `/rest/webhooks` and `/rest/metadata/webhooks`.
    static func webhooks(
        _ request: PeerRequest, _ id: String?, _ workspace: inout Workspace
    ) throws(TwentyError) -> PeerAnswer {
        let place = id.flatMap { id in workspace.webhooks.firstIndex { $0.text("id") == id } }
        if id != nil, place == nil { throw .notFound }
        switch (request.method, place) {
        case ("GET", nil):
            return .json(200, ["data": .object(["webhooks": .array(workspace.webhooks.map { .object($0) })])])
        case ("GET", let place?):
            return .json(200, ["data": .object(["webhook": .object(workspace.webhooks[place])])])
        case ("POST", nil):
            let webhook = try webhook(request.object)
            workspace.webhooks.append(webhook)
            return .json(201, ["data": .object(["createWebhook": .object(webhook)])])
        case ("PATCH", let place?), ("PUT", let place?):
            for member in request.object.members where member.key != "id" {
                workspace.webhooks[place].set(member.key, member.value)
            }
            return .json(200, ["data": .object(["updateWebhook": .object(workspace.webhooks[place])])])
        case ("DELETE", let place?):
            let gone = workspace.webhooks.remove(at: place)
            return .json(200, ["data": .object(["deleteWebhook": .object(["id": gone["id"] ?? .null])])])
        default: throw .notFound
        }
    }

    /// A webhook as it is kept; without `operations` it wants everything.
    static func webhook(_ body: JSONObject) throws(TwentyError) -> JSONObject {
        guard let target = body.text("targetUrl"), !target.isEmpty else { throw .badRequest("targetUrl is missing") }
        return [
            "id": .string(body.text("id") ?? PeerID.random()), "targetUrl": .string(target),
            "operations": body["operations"] ?? .texts(["*.*"]), "description": body["description"] ?? .null,
            "secret": body["secret"] ?? .string(PeerID.random() + PeerID.random()),
        ]
    }

    /// `/metadata`: the few operations on roles that have no REST route.
    static func graph(_ request: PeerRequest, _ workspace: inout Workspace) -> PeerAnswer {
        let query = request.text("query") ?? ""
        let variables = request.object["variables"]?.object ?? JSONObject()
        func role(_ label: String) -> JSONValue {
            .object(["id": .string(PeerID.derived("role:\(label)")), "label": .string(label)])
        }
        if query.contains("getRoles") {
            return .json(200, ["data": .object(["getRoles": .array(workspace.roles.map(role))])])
        }
        if query.contains("createOneRole") {
            let label = variables["createRoleInput"]?.object?.text("label") ?? ""
            guard !label.isEmpty, !workspace.roles.contains(label) else {
                return graphError("A role with this label already exists or the label is missing")
            }
            workspace.roles.append(label)
            return .json(200, ["data": .object(["createOneRole": role(label)])])
        }
        if query.contains("updateWorkspaceMemberRole") {
            let member = variables.text("workspaceMemberId") ?? ""
            let label = workspace.roles.first { PeerID.derived("role:\($0)") == variables.text("roleId") }
            guard let label, workspace.members.place(of: member) != nil else {
                return graphError("Role or workspace member not found")
            }
            workspace.memberRoles[member] = label
            return .json(200, ["data": .object(["updateWorkspaceMemberRole": .object(["id": .string(member)])])])
        }
        return graphError("Cannot query this field")
    }

    /// GraphQL says what is wrong with a 200.
    private static func graphError(_ message: String) -> PeerAnswer {
        .json(200, ["errors": .array([.object(["message": .string(message)])]), "data": .null])
    }
}
