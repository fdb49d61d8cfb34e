internal import Basics

/// The routes for records: `/rest/people`, `/rest/people/{id}`, `/rest/batch/people`, …
struct TwentyRecords {
    let request: PeerRequest
    let now: String

    func answer(_ workspace: inout Workspace) throws(TwentyError) -> PeerAnswer {
        let parts = Array(request.segments.dropFirst())
        switch (request.method, parts.first, parts.count) {
        case ("POST", "batch", 2):
            let (path, object) = try named(parts[1], workspace)
            return try batch(path, object, &workspace)
        case ("PATCH", "restore", 3):
            let (path, object) = try named(parts[1], workspace)
            return try restore(parts[2], path, object, &workspace)
        default: break
        }
        let (path, object) = try named(parts[0], workspace)
        switch (request.method, parts.count) {
        case ("GET", 1): return try list(workspace[keyPath: path])
        case ("GET", 2): return try one(parts[1], workspace[keyPath: path])
        case ("POST", 1): return try create(path, object, &workspace)
        case ("POST", 2) where parts[1] == "duplicates": return try duplicates(workspace[keyPath: path])
        case ("PATCH", 3) where parts[2] == "restore":
            return try restore(parts[1], path, object, &workspace)
        case ("PATCH", 1), ("PUT", 1), ("DELETE", 1): return try many(path, object, &workspace)
        case ("PATCH", 2), ("PUT", 2):
            let place = try place(parts[1], workspace[keyPath: path])
            let record = try workspace.update([place], try body(), path, now: now)[0]
            return .json(200, ["data": .object(["update\(object.capital)": .object(record)])])
        case ("DELETE", 2):
            let place = try place(parts[1], workspace[keyPath: path])
            let record = try workspace.delete(place, path, isSoft: isSoft, now: now)
            return .json(200, ["data": .object(["delete\(object.capital)": .object(record)])])
        default: throw TwentyError(404, "NotFoundException", "Cannot \(request.method) \(request.path)")
        }
    }

    private var isSoft: Bool { request.parameter("soft_delete") == "true" }
    private var upserts: Bool { request.parameter("upsert") == "true" }

    private func named(
        _ name: String, _ workspace: Workspace
    ) throws(TwentyError) -> (Workspace.Path, TwentyObject) {
        if let path = Workspace.path(name) { return (path, workspace[keyPath: path].object) }
        let hint = workspace.objects.first { $0.singular == name }.map { " Did you mean '\($0.plural)'?" } ?? ""
        throw .badRequest("object '\(name)' not found.\(hint)")
    }

    private func place(_ id: String, _ store: RecordStore) throws(TwentyError) -> Int {
        guard PeerID.isAccepted(id) else { throw .badRequest("'\(id)' is not a valid UUID") }
        guard let place = store.place(of: id), store[place]?["deletedAt"]?.isNull ?? true else { throw .notFound }
        return place
    }

    private func body() throws(TwentyError) -> JSONObject {
        guard let object = request.json?.object else { throw .badRequest("The body must be a JSON object") }
        return object
    }

    private func list(_ store: RecordStore) throws(TwentyError) -> PeerAnswer {
        let query = try TwentyQuery(request, store.object)
        var answer = PeerAnswer.json(200, query.page(store))
        answer.headers = query.headers
        return answer
    }

    private func one(_ id: String, _ store: RecordStore) throws(TwentyError) -> PeerAnswer {
        let query = try TwentyQuery(request, store.object)
        let record = query.show(store[try place(id, store)] ?? JSONObject())
        return .json(200, ["data": .object([store.object.singular: .object(record)])])
    }

    private func create(
        _ path: Workspace.Path, _ object: TwentyObject, _ workspace: inout Workspace
    ) throws(TwentyError) -> PeerAnswer {
        let rows = [try body()]
        let records =
            upserts
            ? try workspace.upsert(rows, path, now: now) : try workspace.create(rows, path, now: now)
        return .json(201, ["data": .object(["create\(object.capital)": .object(records[0])])])
    }

    private func batch(
        _ path: Workspace.Path, _ object: TwentyObject, _ workspace: inout Workspace
    ) throws(TwentyError) -> PeerAnswer {
        guard let items = request.json?.array else { throw .badRequest("The body must be an array") }
        guard items.count <= 200 else { throw .badRequest("Maximum number of records to create is 200") }
        let rows = items.compactMap(\.object)
        guard rows.count == items.count else { throw .badRequest("Every item must be an object") }
        let records =
            upserts
            ? try workspace.upsert(rows, path, now: now) : try workspace.create(rows, path, now: now)
        return .json(201, ["data": .object(["create\(object.capitalPlural)": .array(records.map { .object($0) })])])
    }

    private func many(
        _ path: Workspace.Path, _ object: TwentyObject, _ workspace: inout Workspace
    ) throws(TwentyError) -> PeerAnswer {
        guard let filter = try TwentyQuery.filter(request, object) else {
            throw .badRequest("'filter' is required")
        }
        let places = workspace[keyPath: path].places(filter)
        var records: [JSONObject] = []
        if request.method == "DELETE" {
            for place in places { records.append(try workspace.delete(place, path, isSoft: isSoft, now: now)) }
        } else {
            records = try workspace.update(places, try body(), path, now: now)
        }
        let verb = request.method == "DELETE" ? "delete" : "update"
        return .json(200, ["data": .object(["\(verb)\(object.capitalPlural)": .array(records.map { .object($0) })])])
    }

    private func restore(
        _ id: String, _ path: Workspace.Path, _ object: TwentyObject, _ workspace: inout Workspace
    ) throws(TwentyError) -> PeerAnswer {
        guard let place = workspace[keyPath: path].place(of: id) else { throw .notFound }
        let record = try workspace.restore(place, path, now: now)
        return .json(200, ["data": .object(["restore\(object.capital)": .object(record)])])
    }

    /// For each row, the records that share a unique value with it.
    private func duplicates(_ store: RecordStore) throws(TwentyError) -> PeerAnswer {
        let object = try body()
        let rows =
            object["ids"]?.strings.compactMap { store.place(of: $0).flatMap { store[$0] } }
            ?? object["data"]?.objects ?? []
        let key = "\(store.object.singular)Duplicates"
        let lists = rows.map { row in
            let found = store.clashes(row).compactMap { store[$0] }.filter { $0["id"] != row["id"] }
            return JSONValue.object(["totalCount": .count(found.count), key: .array(found.map { .object($0) })])
        }
        return .json(200, ["data": .array(lists)])
    }
}
