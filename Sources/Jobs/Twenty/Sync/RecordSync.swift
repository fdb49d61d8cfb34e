// One record: look for it (memory, mapping table, Twenty itself), then change what differs, or make it under an id that is
// derived from ours. Whatever the look told may be wrong by the time of the write: a record that is gone is looked for
// anew, one that came meanwhile is found and changed. That is repeated a few times, a little later each time.

import Basics
public import Queue

/// What became of one record.
public struct SyncResult: Sendable, Hashable {
    /// Which way it went.
    public enum Change: String, Sendable, Hashable, CaseIterable {
        case created, updated, unchanged
    }

    /// Its id in Twenty.
    public let id: String
    /// Whether anything was written.
    public let change: Change
}

/// Brings our records into one Twenty workspace.
public struct RecordSync: Sendable {
    let client: TwentyClient
    let store: MappingStore
    let cache: MappingCache
    let clock: any MonotonicClock

    /// How often a record is looked for anew, and the first pause before that in ms; it doubles.
    static let maximumRounds = 4
    private static let firstPauseMilliseconds: Int64 = 100

    /// - Parameter clock: by which it waits between rounds.
    public init(client: TwentyClient, store: MappingStore, cache: MappingCache, clock: any MonotonicClock) {
        (self.client, self.store, self.cache, self.clock) = (client, store, cache, clock)
    }

    /// Makes or changes one record, and the company of a person where there is none yet. Running it again is harmless.
    ///
    /// Costs two calls for one that is there (one if nothing differs), two or three for one that is not.
    public func upsert(_ item: SyncItem) async throws(TwentyError) -> SyncResult {
        guard let employer = item.employer, case .person(var person) = item.draft else { return try await write(item) }
        var employed = item
        let companyID = try await company(employer)
        person.companyID = companyID
        employed.draft = .person(person)
        do throws(TwentyError) {
            return try await write(employed)
        } catch {
            // It may be the company that is gone: it is looked for in Twenty the next time.
            if error.status == 400 || error.status == 404 {
                try await forget(.init(kind: .company, externalID: employer.externalID, id: companyID))
            }
            throw error
        }
    }

    private func write(_ item: SyncItem) async throws(TwentyError) -> SyncResult {
        try await rounds { round async throws(TwentyError) in
            if let record = try await find(item) { return try await change(item, record) }
            return try await make(item, isLastRound: round == Self.maximumRounds - 1)
        }
    }

    /// The id of a person's company, which is made if there is none. One that is there stays as it is.
    private func company(_ employer: SyncItem.Employer) async throws(TwentyError) -> String {
        if let id = cache.find(client.bucket, .company, employer.externalID) { return id }
        if let id = try await storing({ () async throws(JobsError) in
            try await store.find(client.bucket, .company, [employer.externalID])
        })[employer.externalID] {
            cache.remember(client.bucket, [.init(kind: .company, externalID: employer.externalID, id: id)])
            return id
        }
        let item = SyncItem(employer: employer)
        return try await rounds { round async throws(TwentyError) in
            if let record = try await find(item) {
                try await remember([.init(kind: .company, externalID: item.externalID, id: record.id)])
                return record.id
            }
            return try await make(item, isLastRound: round == Self.maximumRounds - 1)?.id
        }
    }

    // MARK: Looking

    /// The record itself, in three tiers; nil when there is none.
    private func find(_ item: SyncItem) async throws(TwentyError) -> TwentyRecord? {
        if let id = try await mappedID(item) {
            if let record = try await client.find(item.kind.object, id: id) { return record }
            try await forget(.init(kind: item.kind, externalID: item.externalID, id: id))
        }
        if let record = try await client.find(item.kind.object, id: item.id) { return record }
        guard let unique = item.unique else { return nil }
        switch item.kind {
        case .person: return try await client.person(email: unique)
        case .company: return try await client.company(website: unique)
        }
    }

    private func mappedID(_ item: SyncItem) async throws(TwentyError) -> String? {
        if let id = cache.find(client.bucket, item.kind, item.externalID) { return id }
        return try await storing { () async throws(JobsError) in
            try await store.find(client.bucket, item.kind, [item.externalID])
        }[item.externalID]
    }

    // MARK: Writing

    /// nil: it is gone by now.
    private func change(_ item: SyncItem, _ record: TwentyRecord) async throws(TwentyError) -> SyncResult? {
        let mapping = SyncMapping(kind: item.kind, externalID: item.externalID, id: record.id)
        let changes = item.changes(from: record)
        if !changes.members.isEmpty {
            do throws(TwentyError) {
                _ = try await client.patch(item.kind.object, id: record.id, changes)
            } catch {
                guard error.code == .notFound else { throw error }
                try await forget(mapping)
                return nil
            }
        }
        try await remember([mapping])
        return SyncResult(id: record.id, change: changes.members.isEmpty ? .unchanged : .updated)
    }

    /// nil: somebody else has made it meanwhile, or has what is to be its alone.
    private func make(_ item: SyncItem, isLastRound: Bool) async throws(TwentyError) -> SyncResult? {
        var made: TwentyRecord?
        do throws(TwentyError) {
            made = try await client.create(item.kind.object, item.fields(id: item.id))
        } catch {
            guard error.code == .duplicate else { throw error }
            // In the trash it is in nobody's way but ours; an upsert takes it out.
            guard try await client.isInTrash(item.kind.object, id: item.id) else {
                if isLastRound { throw error }
                return nil
            }
            made = try await client.upsertOnce(item.kind.object, [item.fields(id: item.id)]).first
        }
        guard let made else { throw TwentyClient.unexpected("a record is missing") }
        try await remember([.init(kind: item.kind, externalID: item.externalID, id: made.id)])
        return SyncResult(id: made.id, change: .created)
    }

    // MARK: Helpers

    func remember(_ mappings: [SyncMapping]) async throws(TwentyError) {
        try await storing { () async throws(JobsError) in try await store.save(client.bucket, mappings) }
        cache.remember(client.bucket, mappings)
    }

    private func forget(_ mapping: SyncMapping) async throws(TwentyError) {
        cache.forget(client.bucket, mapping)
        try await storing { () async throws(JobsError) in try await store.forget(client.bucket, mapping) }
    }

    /// Our own database's failures are nobody's fault here.
    func storing<Value: Sendable>(
        _ body: () async throws(JobsError) -> Value
    ) async throws(TwentyError) -> Value {
        do throws(JobsError) {
            return try await body()
        } catch {
            throw TwentyError(error.isRetriable ? .interrupted : .operationFailed, error.message)
        }
    }

    /// Until it gives a value.
    private func rounds<Value: Sendable>(
        _ body: (Int) async throws(TwentyError) -> Value?
    ) async throws(TwentyError) -> Value {
        for round in 0..<Self.maximumRounds {
            if round > 0 {
                do {
                    try await clock.sleep(milliseconds: Self.firstPauseMilliseconds << Int64(round - 1))
                } catch {
                    throw TwentyError(.interrupted, "the call was stopped")
                }
            }
            if let value = try await body(round) { return value }
        }
        throw TwentyError(
            .operationFailed, "the record was changed by others \(Self.maximumRounds) times while it was written")
    }
}
