internal import Basics

/// The records of one object of one workspace, found by id and by every unique value at once.
struct RecordStore: Sendable {
    var object: TwentyObject
    /// In the order of their making; a destroyed one leaves a gap.
    private var records: [JSONObject?] = []
    /// By unique path, lower-cased value to place.
    private var indexes: [String: [String: Int]] = [:]

    init(_ object: TwentyObject) { self.object = object }

    /// All there are, in order.
    var all: [JSONObject] { records.compactMap { $0 } }

    var count: Int { records.count { $0 != nil } }

    func place(of id: String) -> Int? { indexes["id"]?[id.lowercased()] }

    subscript(place: Int) -> JSONObject? { records[place] }

    /// The places of records that hold one of the unique values of `members`, soft-deleted ones included.
    func clashes(_ members: JSONObject) -> [Int] {
        var places: [Int] = []
        for path in object.uniquePaths {
            guard let key = Self.key(members, path), let place = indexes[path]?[key] else { continue }
            if !places.contains(place) { places.append(place) }
        }
        return places
    }

    /// Adds one that clashes with none.
    mutating func append(_ record: JSONObject) {
        records.append(record)
        index(record, records.count - 1)
    }

    /// Puts a record in place of another; the caller has looked for clashes.
    mutating func put(_ record: JSONObject, at place: Int) {
        unindex(place)
        records[place] = record
        index(record, place)
    }

    mutating func remove(at place: Int) {
        unindex(place)
        records[place] = nil
    }

    /// The places that a filter leaves, in order.
    func places(_ filter: TwentyFilter?) -> [Int] {
        let seesDeleted = filter?.names("deletedAt") ?? false
        return candidates(filter).filter { place in
            guard let record = records[place] else { return false }
            guard seesDeleted || record["deletedAt"]?.isNull ?? true else { return false }
            return filter?.matches(record) ?? true
        }
    }

    private func candidates(_ filter: TwentyFilter?) -> [Int] {
        for path in object.uniquePaths {
            guard let values = filter?.values(of: path) else { continue }
            return Array(Set(values.compactMap { indexes[path]?[$0.lowercased()] })).sorted()
        }
        return Array(records.indices)
    }

    private mutating func index(_ record: JSONObject, _ place: Int) {
        for path in object.uniquePaths {
            if let key = Self.key(record, path) { indexes[path, default: [:]][key] = place }
        }
    }

    private mutating func unindex(_ place: Int) {
        guard let record = records[place] else { return }
        for path in object.uniquePaths {
            if let key = Self.key(record, path), indexes[path]?[key] == place { indexes[path]?[key] = nil }
        }
    }

    /// Nothing and the empty text clash with nothing.
    static func key(_ record: JSONObject, _ path: String) -> String? {
        switch record.value(at: path) {
        case .string(let text): text.isEmpty ? nil : text.lowercased()
        case .number(let text): text
        default: nil
        }
    }

    /// Makes a field of the object, empty in every record.
    mutating func add(_ field: TwentyField) {
        object.fields.append(field)
        for place in records.indices { records[place]?.set(field.name, field.kind.empty) }
    }
}
