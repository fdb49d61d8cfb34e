// The arguments of a batch hold its progress as well: they are kept after each part, so that a worker that dies, or a limit
// that lasts, costs one part at most.

import Basics

/// The arguments of `crm.upsert_batch`: `{"companies"?: [...], "people"?: [...]}`, and what has been done of them.
struct SyncBatchArguments: Sendable {
    /// Most records of a batch.
    static let maximumCount = 1_000
    /// Most bytes of a batch as it is posted: its progress has to fit beside it.
    static let maximumBytes = 500_000
    /// What is kept of one record's error, in characters.
    private static let errorLength = 200

    /// A record that cannot be synced.
    struct Failure: Sendable, Hashable {
        let place: Int
        let error: String
    }

    /// Companies first, so that the people's are there.
    let items: [SyncItem]
    /// As they were given, in the order of `items`.
    private let values: [JSONValue]
    /// How many have been done.
    private(set) var next = 0
    /// Of those, what has to be stored at the end.
    private(set) var mappings: [SyncMapping] = []
    private(set) var counts: [SyncResult.Change: Int] = [:]
    private(set) var failures: [Failure] = []

    /// Reads them, every problem at once.
    static func decode(_ bytes: [UInt8]) throws(InputError) -> SyncBatchArguments {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(bytes, limits: JSONLimits(bytes: 1_048_576)) } catch {
            throw InputError(error)
        }
        guard let object = value.object else {
            throw InputError(problems: [.init(pointer: "", detail: "An object is expected, not \(value.kindName).")])
        }
        return try SyncBatchArguments(object)
    }

    private init(_ object: JSONObject) throws(InputError) {
        var fields = FieldReader(object)
        fields.refuseOthers(than: ["companies", "people", "progress"])
        var (items, values): ([SyncItem], [JSONValue]) = ([], [])
        for (key, kind) in [("companies", SyncKind.company), ("people", .person)] {
            var seen: Set<String> = []
            for (index, value) in (fields.array(key) ?? []).enumerated() {
                let pointer = "/\(key)/\(index)"
                guard let object = value.object else {
                    fields.append([.init(pointer: pointer, detail: "An object is expected, not \(value.kindName).")])
                    continue
                }
                var reader = FieldReader(object, prefix: pointer)
                let item = kind == .person ? SyncItem(person: &reader) : SyncItem(company: &reader)
                if let item, !seen.insert(item.externalID).inserted {
                    reader.report("external_id", "It stands there twice.")
                }
                fields.append(reader.problems)
                guard let item else { continue }
                items.append(item)
                values.append(value)
            }
        }
        if !(1...Self.maximumCount ~= items.count), fields.problems.isEmpty {
            fields.append([.init(pointer: "", detail: "1 to \(Self.maximumCount) records are expected.")])
        }
        guard fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        (self.items, self.values) = (items, values)
        if let progress = object["progress"]?.object { read(progress) }
    }

    /// The next part: of one kind, as many as one call takes; empty at the end.
    var part: [SyncItem] {
        guard next < items.count else { return [] }
        let kind = items[next].kind
        return Array(items[next...].prefix(TwentyClient.batchLimit).prefix { $0.kind == kind })
    }

    /// Notes what became of the next part.
    ///
    /// - Returns: why it is not done yet, where it is not: a failure that may be gone later stops it.
    mutating func note(_ part: [SyncItem], _ batch: SyncBatch) -> TwentyError? {
        if let error = batch.failures.sorted(by: { $0.key < $1.key }).map(\.value).first(where: \.isRetriable) {
            return error
        }
        mappings += batch.companies
        for (place, item) in part.enumerated() {
            if let result = batch.results[place] {
                mappings.append(SyncMapping(kind: item.kind, externalID: item.externalID, id: result.id))
                counts[result.change, default: 0] += 1
            } else {
                let error = batch.failures[place].map { "\($0)" } ?? "it was left"
                failures.append(Failure(place: next + place, error: String(error.prefix(Self.errorLength))))
            }
        }
        next += part.count
        return nil
    }

    /// With the progress, for the next run.
    func encoded() -> [UInt8] {
        var object = records(Array(items.indices))
        object.members.append(.init(key: "progress", value: .object(progress)))
        return JSONValue.object(object).encoded()
    }

    /// Only what failed, without progress, for whoever tries again.
    func failedAlone() -> [UInt8] { JSONValue.object(records(failures.map(\.place))).encoded() }

    /// Such as `3 created, 0 updated, 57 unchanged`.
    var summary: String {
        SyncResult.Change.allCases.map { "\(counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
    }

    private func records(_ places: [Int]) -> JSONObject {
        func list(_ kind: SyncKind) -> JSONValue {
            .array(places.filter { items[$0].kind == kind }.map { values[$0] })
        }
        return ["companies": list(.company), "people": list(.person)]
    }

    private var progress: JSONObject {
        [
            "next": .number("\(next)"),
            "mappings": .array(
                mappings.map { .array([.string($0.kind.rawValue), .string($0.externalID), .string($0.id)]) }),
            "counts": .object(
                JSONObject(members: counts.map { .init(key: $0.key.rawValue, value: .number("\($0.value)")) })),
            "failures": .array(failures.map { .array([.number("\($0.place)"), .string($0.error)]) }),
        ]
    }

    private mutating func read(_ progress: JSONObject) {
        next = min(max(Int(progress["next"]?.integer ?? 0), 0), items.count)
        for entry in progress["mappings"]?.array ?? [] {
            guard let parts = entry.array, parts.count == 3,
                let kind = parts[0].string.flatMap(SyncKind.init(rawValue:)),
                let externalID = parts[1].string, let id = parts[2].string
            else { continue }
            mappings.append(SyncMapping(kind: kind, externalID: externalID, id: id))
        }
        for change in SyncResult.Change.allCases {
            counts[change] = progress["counts"]?.object?[change.rawValue]?.integer.map(Int.init)
        }
        for entry in progress["failures"]?.array ?? [] {
            guard let parts = entry.array, parts.count == 2, let place = parts[0].integer,
                items.indices.contains(Int(place)),
                let error = parts[1].string
            else { continue }
            failures.append(Failure(place: Int(place), error: error))
        }
    }
}
