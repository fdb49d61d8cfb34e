internal import Basics
internal import Curl

/// An object of a workspace and the names of its fields.
struct TwentyObjectFields: Sendable, Hashable {
    let id: String
    let name: String
    let fields: Set<String>
}

extension TwentyClient {
    /// The objects of the workspace.
    func objectFields() async throws(TwentyError) -> [TwentyObjectFields] {
        let answer = try await call(ServiceRequest(.get, "/rest/metadata/objects", query: [("limit", "200")]))
        guard let objects = answer["data"]?.object?["objects"]?.array else { throw Self.unexpected("no objects") }
        return objects.compactMap(\.object).compactMap { object in
            guard let id = object["id"]?.string, let name = object["nameSingular"]?.string else { return nil }
            let names = (object["fields"]?.array ?? []).compactMap { $0.object?["name"]?.string }
            return TwentyObjectFields(id: id, name: name, fields: Set(names))
        }
    }

    /// Makes a field of an object.
    func addField(_ field: TipsFields.Field, to objectID: String) async throws(TwentyError) {
        let body: JSONObject = [
            "objectMetadataId": .string(objectID), "name": .string(field.name), "label": .string(field.label),
            "type": .string(field.type), "isUnique": .bool(field.isUnique), "isNullable": .bool(true),
        ]
        _ = try await call(
            ServiceRequest(.post, "/rest/metadata/fields", body: JSONValue.object(body).encoded()))
    }

    /// Ids of the roles by their names.
    func roles() async throws(TwentyError) -> [String: String] {
        let data = try await graph("query GetRoles { getRoles { id label } }", [:])
        var roles: [String: String] = [:]
        for role in data["getRoles"]?.array ?? [] {
            guard let label = role.object?["label"]?.string, let id = role.object?["id"]?.string else { continue }
            roles[label] = id
        }
        return roles
    }

    /// Makes a role that may what members may.
    func addRole(_ label: String, description: String) async throws(TwentyError) {
        let input: JSONObject = [
            "label": .string(label), "description": .string(description), "canReadAllObjectRecords": .bool(true),
            "canUpdateAllObjectRecords": .bool(true), "canSoftDeleteAllObjectRecords": .bool(true),
        ]
        _ = try await graph(
            "mutation CreateRole($createRoleInput: CreateRoleInput!) "
                + "{ createOneRole(createRoleInput: $createRoleInput) { id label } }",
            ["createRoleInput": .object(input)])
    }

    /// Gives a member a role in place of the one they have.
    func setRole(_ role: String, ofMember member: String) async throws(TwentyError) {
        _ = try await graph(
            "mutation SetRole($workspaceMemberId: UUID!, $roleId: UUID!) "
                + "{ updateWorkspaceMemberRole(workspaceMemberId: $workspaceMemberId, roleId: $roleId) { id } }",
            ["workspaceMemberId": .string(member), "roleId": .string(role)])
    }

    /// Roles have no REST routes. GraphQL says what is wrong with a 200.
    private func graph(_ query: String, _ variables: JSONObject) async throws(TwentyError) -> JSONObject {
        let body: JSONObject = ["query": .string(query), "variables": .object(variables)]
        let answer = try await call(ServiceRequest(.post, "/metadata", body: JSONValue.object(body).encoded()))
        if let first = answer["errors"]?.array?.first?.object {
            throw TwentyError(.validationError, first["message"]?.string ?? "GraphQL refused")
        }
        guard let data = answer["data"]?.object else { throw Self.unexpected("no data") }
        return data
    }
}
