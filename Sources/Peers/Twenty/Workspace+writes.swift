// Everything is looked at before anything is written: a row that cannot be taken leaves no trace of the others. Records
// are changed where they lie, since a copy of a large store for each write would cost more than the write.

internal import Basics

extension Workspace {
    typealias Path = WritableKeyPath<Workspace, RecordStore>

    /// The records under a plural name.
    static func path(_ plural: String) -> Path? {
        switch plural {
        case "people": \.people
        case "companies": \.companies
        case "workspaceMembers": \.members
        default: nil
        }
    }

    /// One insert of all of them: a bad row fails the rest.
    mutating func create(_ rows: [JSONObject], _ path: Path, now: String) throws(TwentyError) -> [JSONObject] {
        let input = TwentyInput(object: self[keyPath: path].object, actor: keyActor)
        var claims = UniqueClaims()
        var created: [JSONObject] = []
        for row in rows {
            let members = try input.members(row, over: nil)
            guard self[keyPath: path].clashes(members).isEmpty else { throw .duplicate }
            let record = TwentyRecord.make(members, input.object, now: now)
            try claims.claim(record, input.object, place: -created.count - 1)
            created.append(record)
        }
        for record in created {
            self[keyPath: path].append(record)
            note("created", input.object, record)
        }
        return created
    }

    /// Matches by id and unique values, soft-deleted records included; those come back to life.
    mutating func upsert(_ rows: [JSONObject], _ path: Path, now: String) throws(TwentyError) -> [JSONObject] {
        let input = TwentyInput(object: self[keyPath: path].object, actor: keyActor)
        var claims = UniqueClaims()
        var plans: [(record: JSONObject, place: Int?)] = []
        for row in rows {
            let members = try input.members(row, over: nil)
            let found = self[keyPath: path].clashes(members)
            guard found.count <= 1 else {
                throw .badRequest(
                    "Multiple records found with the same unique field values",
                    code: "UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT")
            }
            var record = TwentyRecord.make(members, input.object, now: now)
            if let place = found.first, let before = self[keyPath: path][place] {
                var kept = row
                kept.members.removeAll { ["id", "createdBy", "createdAt"].contains($0.key) }
                record = try Self.changed(before, kept, input)
                record.set("deletedAt", .null)
            }
            try claims.claim(record, input.object, place: found.first ?? -plans.count - 1)
            plans.append((record, found.first))
        }
        var results: [JSONObject] = []
        for plan in plans {
            if let place = plan.place {
                results.append(write(plan.record, place, path, now: now))
            } else {
                self[keyPath: path].append(plan.record)
                note("created", input.object, plan.record)
                results.append(plan.record)
            }
        }
        return results
    }

    mutating func update(
        _ places: [Int], _ row: JSONObject, _ path: Path, now: String
    ) throws(TwentyError) -> [JSONObject] {
        let input = TwentyInput(object: self[keyPath: path].object, actor: keyActor)
        var claims = UniqueClaims()
        var plans: [(record: JSONObject, place: Int)] = []
        for place in places {
            guard let before = self[keyPath: path][place] else { throw .notFound }
            let after = try Self.changed(before, row, input)
            guard self[keyPath: path].clashes(after).allSatisfy({ $0 == place }) else { throw .duplicate }
            try claims.claim(after, input.object, place: place)
            plans.append((after, place))
        }
        return plans.map { write($0.record, $0.place, path, now: now) }
    }

    mutating func delete(_ place: Int, _ path: Path, isSoft: Bool, now: String) throws(TwentyError) -> JSONObject {
        guard let before = self[keyPath: path][place] else { throw .notFound }
        if isSoft {
            var record = before
            record.merge(["deletedAt": .string(now), "updatedAt": .string(now)])
            self[keyPath: path].put(record, at: place)
        } else {
            self[keyPath: path].remove(at: place)
        }
        note(isSoft ? "deleted" : "destroyed", self[keyPath: path].object, before)
        return ["id": before["id"] ?? .null]
    }

    mutating func restore(_ place: Int, _ path: Path, now: String) throws(TwentyError) -> JSONObject {
        guard var record = self[keyPath: path][place] else { throw .notFound }
        record.merge(["deletedAt": .null, "updatedAt": .string(now)])
        self[keyPath: path].put(record, at: place)
        note("restored", self[keyPath: path].object, record)
        return record
    }

    private static func changed(
        _ before: JSONObject, _ row: JSONObject, _ input: TwentyInput
    ) throws(TwentyError) -> JSONObject {
        var after = before
        after.merge(try input.members(row, over: before))
        after.set("id", before["id"] ?? .null)
        return after
    }

    private mutating func write(_ after: JSONObject, _ place: Int, _ path: Path, now: String) -> JSONObject {
        let before = self[keyPath: path][place] ?? JSONObject()
        let fields = TwentyRecord.changes(before, after)
        guard !fields.isEmpty else { return before }
        var record = after
        record.set("updatedAt", .string(now))
        self[keyPath: path].put(record, at: place)
        let action = fields.contains("deletedAt") ? "restored" : "updated"
        note(action, self[keyPath: path].object, record, action == "updated" ? fields : [])
        return record
    }

    private mutating func note(
        _ action: String, _ object: TwentyObject, _ record: JSONObject, _ fields: [String] = []
    ) {
        guard !webhooks.isEmpty else { return }
        events.append(
            TwentyEvent(
                workspaceID: id, object: object.singular, action: action, record: record, updatedFields: fields,
                webhooks: webhooks))
    }
}

/// The unique values that the rows of one request take, so that two of them do not take the same.
private struct UniqueClaims {
    private var takers: [String: Int] = [:]

    mutating func claim(_ record: JSONObject, _ object: TwentyObject, place: Int) throws(TwentyError) {
        for path in object.uniquePaths {
            guard let value = RecordStore.key(record, path) else { continue }
            let taker = takers["\(path)=\(value)"]
            guard taker == nil || taker == place else { throw .duplicate }
            takers["\(path)=\(value)"] = place
        }
    }
}
