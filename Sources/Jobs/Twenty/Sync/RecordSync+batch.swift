// Sixty records at a time: their mappings in one query, what is known of them in one or two calls, and what differs in one
// upsert. Nothing of the database is written here: the caller stores all mappings of its batch together.

import Basics

/// What became of the records of a batch.
public struct SyncBatch: Sendable {
    /// Of those that are in Twenty now, in the order given; nil for one that failed.
    public var results: [SyncResult?]
    /// Why the others are not, by their place.
    public var failures: [Int: TwentyError] = [:]
    /// Of the companies that had to be made for people.
    public var companies: [SyncMapping] = []
}

extension RecordSync {
    /// Makes or changes at most ``TwentyClient/batchLimit`` records of one kind. Stores no mapping.
    ///
    /// Costs two calls for records that are there, one if none differs, and three for new ones; one or two more where
    /// people have companies that are not known.
    ///
    /// - Throws: when nothing could be done at all; what is the fault of single records is in the result.
    public func upsert(batch items: [SyncItem]) async throws(TwentyError) -> SyncBatch {
        guard let kind = items.first?.kind else { return SyncBatch(results: []) }
        var batch = SyncBatch(results: Array(repeating: nil, count: items.count))
        let items = try await employed(items, &batch)
        let known = try await find(items, kind)
        var (places, records): ([Int], [JSONObject]) = ([], [])
        for (place, item) in items.enumerated() where batch.failures[place] == nil {
            guard let record = known[item.externalID] else {
                places.append(place)
                records.append(item.fields(id: item.id))
                continue
            }
            let changes = item.changes(from: record)
            if changes.members.isEmpty {
                batch.results[place] = SyncResult(id: record.id, change: .unchanged)
            } else {
                places.append(place)
                records.append(JSONObject(members: [.init(key: "id", value: .string(record.id))] + changes.members))
            }
        }
        for (place, result) in zip(places, await client.upsert(kind.object, records)) {
            switch result {
            case .success(let record):
                let isNew = known[items[place].externalID] == nil
                batch.results[place] = SyncResult(id: record.id, change: isNew ? .created : .updated)
            case .failure(let error): batch.failures[place] = error
            }
        }
        return batch
    }

    // MARK: Companies

    /// The people with the ids of their companies, which are made where there are none.
    private func employed(_ items: [SyncItem], _ batch: inout SyncBatch) async throws(TwentyError) -> [SyncItem] {
        var employers: [String: SyncItem] = [:]
        for employer in items.compactMap(\.employer) where employers[employer.externalID]?.hasName != true {
            employers[employer.externalID] = SyncItem(employer: employer)
        }
        guard !employers.isEmpty else { return items }
        var ids = try await mappedIDs(.company, Array(employers.keys))
        let unknown = employers.values.filter { ids[$0.externalID] == nil }.sorted { $0.externalID < $1.externalID }
        var failures: [String: TwentyError] = [:]
        if !unknown.isEmpty {
            for (externalID, record) in try await find(unknown, .company) { ids[externalID] = record.id }
            let missing = unknown.filter { ids[$0.externalID] == nil }
            let results = await client.upsert(.companies, missing.map { $0.fields(id: $0.id) })
            for (item, result) in zip(missing, results) {
                switch result {
                case .success(let record): ids[item.externalID] = record.id
                case .failure(let error): failures[item.externalID] = error
                }
            }
            batch.companies = unknown.compactMap { item in
                ids[item.externalID].map { SyncMapping(kind: .company, externalID: item.externalID, id: $0) }
            }
        }
        var items = items
        for (place, item) in items.enumerated() {
            guard let employer = item.employer, case .person(var person) = item.draft else { continue }
            person.companyID = ids[employer.externalID]
            items[place].draft = .person(person)
            batch.failures[place] = failures[employer.externalID]
        }
        return items
    }

    // MARK: Looking

    /// The records that are there, by external id: those that are mapped, then those with our ids, then those with the same
    /// e-mails or websites.
    private func find(_ items: [SyncItem], _ kind: SyncKind) async throws(TwentyError) -> [String: TwentyRecord] {
        var found: [String: TwentyRecord] = [:]
        let mapped = try await mappedIDs(kind, items.map(\.externalID))
        var byID = try await records(kind.object, "id", Array(Set(mapped.values)))
        for item in items { found[item.externalID] = mapped[item.externalID].flatMap { byID[$0] } }
        let others = items.filter { found[$0.externalID] == nil }
        byID = try await records(kind.object, "id", others.map(\.id).filter { !mapped.values.contains($0) })
        for item in others { found[item.externalID] = byID[item.id] }
        let rest = others.filter { found[$0.externalID] == nil && $0.unique != nil }
        let texts = rest.compactMap(\.unique).filter { TwentyFilter.canHold($0, isInList: true) }
        let spelled = kind == .company ? texts + texts.map { $0 + "/" } : texts
        let byUnique = try await records(kind.object, kind.uniqueField, Array(Set(spelled)).sorted())
        for item in rest {
            if let record = byUnique.values.first(where: { item.isUnique(of: $0) }) {
                found[item.externalID] = record
            } else if let unique = item.unique, !TwentyFilter.canHold(unique, isInList: true) {
                found[item.externalID] =
                    kind == .person
                    ? try await client.person(email: unique) : try await client.company(website: unique)
            }
        }
        return found
    }

    private func mappedIDs(_ kind: SyncKind, _ externalIDs: [String]) async throws(TwentyError) -> [String: String] {
        var ids: [String: String] = [:]
        for externalID in externalIDs { ids[externalID] = cache.find(client.bucket, kind, externalID) }
        let missing = externalIDs.filter { ids[$0] == nil }
        let stored = try await storing { () async throws(JobsError) in
            try await store.find(client.bucket, kind, missing)
        }
        return ids.merging(stored) { first, _ in first }
    }

    /// What a field's value may take of an address, which is limited to 8,192 bytes.
    private static let maximumListBytes = 5_000

    /// The records of which a field is one of these, by id.
    private func records(
        _ object: TwentyObject, _ field: String, _ values: [String]
    ) async throws(TwentyError) -> [String: TwentyRecord] {
        var found: [String: TwentyRecord] = [:]
        for part in Self.parts(values) {
            let filter = try TwentyClient.filter { () throws(TwentyFilter.Fault) in try .isIn(field, part) }
            var query = TwentyQuery(filter: filter)
            // A field that is unique gives no more records than values.
            for _ in 0..<2 {
                let page = try await client.page(object, query)
                for record in page.records { found[record.id] = record }
                guard let cursor = page.nextCursor else { break }
                query.after = cursor
            }
        }
        return found
    }

    /// So many values at a time as fit into one address and one page.
    static func parts(_ values: [String]) -> [[String]] {
        var parts: [[String]] = []
        var bytes = 0
        for value in values {
            let size = PercentEncoding.encode(value).utf8.count + 9
            if parts.isEmpty || bytes + size > maximumListBytes
                || parts[parts.count - 1].count == TwentyQuery.maximumLimit
            {
                parts.append([])
                bytes = 0
            }
            parts[parts.count - 1].append(value)
            bytes += size
        }
        return parts
    }
}

extension SyncItem {
    /// Whether a company has a name that is not its external id.
    fileprivate var hasName: Bool {
        guard case .company(let company) = draft else { return false }
        return company.name != externalID
    }
}
