// What was written last is known by a digest, so a client who has not changed costs no call. For the others Twenty is
// read before it is written: by the ids that are known, else by e-mail, so that additional numbers and addresses stay,
// and a person who is there already is not made again.

internal import Basics
internal import Crypto

/// Brings one page of clients into the CRM.
struct TipsPeople: Sendable {
    let twenty: TwentyClient
    let store: TipsStore
    let workspace: String
    let isDryRun: Bool

    /// What became of a page.
    struct Outcome: Sendable {
        var tally = TipsTally()
        /// The earliest change that could not be written.
        var blocked: Timestamp?
        /// Why the rest was left, for another run.
        var error: TwentyError?
    }

    /// One client who has to be written, and the person they have.
    private struct Plan {
        let row: TipsClientRow
        let digest: String
        let record: JSONObject
        let id: String
        let isNew: Bool
    }

    /// Writes what has changed. Doing it again is harmless.
    func write(
        _ rows: [TipsClientRow], of agent: TipsAgent, memberID: String?
    ) async throws -> Outcome {
        var outcome = Outcome()
        let known = try await store.people(of: rows.map(\.id))
        let changed = rows.filter { known[$0.id]?.digest != Self.digest($0, agent) }
        outcome.tally.unchanged = Int64(rows.count - changed.count)
        guard !changed.isEmpty else { return outcome }
        let found: Found
        do throws(TwentyError) { found = try await look(for: changed, known) } catch {
            outcome.error = error
            return outcome
        }
        let owners = try await store.owners(of: found.byEmail.values.map(\.id))
        var people: [String: TipsStore.Person] = [:]
        var plans: [Plan] = []
        var taken: Set<String> = []
        for row in changed {
            let (record, hasEmail) = Self.match(row, known[row.id], found, owners, &taken)
            let person = row.person(agent: agent, memberID: memberID, hasEmail: hasEmail)
            let digest = Self.digest(row, agent)
            guard let record else {
                let id = known[row.id]?.id ?? NameBasedID("person:tips:\(workspace):\(row.id)", in: .aventora).text
                plans.append(
                    Plan(row: row, digest: digest, record: person.fields(id: id), id: id, isNew: true))
                continue
            }
            var changes = person.changes(from: record)
            if changes.members.isEmpty {
                people[row.id] = TipsStore.Person(id: record.id, digest: digest)
                outcome.tally.unchanged += 1
                continue
            }
            changes.members.insert(.init(key: "id", value: .string(record.id)), at: 0)
            plans.append(Plan(row: row, digest: digest, record: changes, id: record.id, isNew: false))
        }
        if isDryRun {
            outcome.tally.created = Int64(plans.count { $0.isNew })
            outcome.tally.updated = Int64(plans.count { !$0.isNew })
            return outcome
        }
        let results = plans.isEmpty ? [] : await twenty.upsert(.people, plans.map(\.record))
        for (plan, result) in zip(plans, results) { Self.note(plan, result, &outcome, &people) }
        try await store.save(people)
        return outcome
    }

    private static func note(
        _ plan: Plan, _ result: Result<TwentyRecord, TwentyError>, _ outcome: inout Outcome,
        _ people: inout [String: TipsStore.Person]
    ) {
        switch result {
        case .success(let record):
            people[plan.row.id] = TipsStore.Person(id: record.id, digest: plan.digest)
            if plan.isNew { outcome.tally.created += 1 } else { outcome.tally.updated += 1 }
        case .failure(let error) where isOfOne(error):
            outcome.tally.failed += 1
            outcome.tally.error = outcome.tally.error ?? "client \(plan.row.id): \(error)"
            let at = plan.row.updatedAt ?? Timestamp(milliseconds: 0)
            outcome.blocked = outcome.blocked.map { min($0, at) } ?? at
        case .failure(let error):
            outcome.error = outcome.error ?? error
        }
    }

    /// Whether a failure speaks of this record alone.
    private static func isOfOne(_ error: TwentyError) -> Bool {
        switch error.code {
        case .validationError, .duplicate, .ambiguous, .notFound: true
        case .serverError: error.status == 400
        default: false
        }
    }

    // MARK: Finding

    private struct Found {
        var byID: [String: TwentyRecord] = [:]
        var byEmail: [String: TwentyRecord] = [:]
    }

    /// The person of a client, and whether the client's e-mail address is theirs to have: two clients may share one, and
    /// the CRM keeps it for one person only.
    private static func match(
        _ row: TipsClientRow, _ known: TipsStore.Person?, _ found: Found, _ owners: [String: String],
        _ taken: inout Set<String>
    ) -> (record: TwentyRecord?, hasEmail: Bool) {
        guard let email = row.email else { return (known.flatMap { found.byID[$0.id] }, true) }
        let isFirst = taken.insert(email).inserted
        if let known, let record = found.byID[known.id] {
            let holder = found.byEmail[email]
            let isFree = isFirst && (holder == nil || holder?.id == record.id)
            return (record, isFree || record.primaryEmail?.lowercased() == email)
        }
        guard isFirst else { return (nil, false) }
        guard let holder = found.byEmail[email] else { return (nil, true) }
        let owner = owners[holder.id]
        return owner == nil || owner == row.id ? (holder, true) : (nil, false)
    }

    private func look(
        for rows: [TipsClientRow], _ known: [String: TipsStore.Person]
    ) async throws(TwentyError) -> Found {
        var found = Found()
        let ids = rows.compactMap { known[$0.id]?.id }
        for record in try await read("id", ids) { found.byID[record.id] = record }
        let emails = Set(rows.compactMap(\.email)).sorted()
        let plain = emails.filter { TwentyFilter.canHold($0, isInList: true) }
        for record in try await read("emails.primaryEmail", plain) {
            if let email = record.primaryEmail { found.byEmail[email.lowercased()] = record }
        }
        for email in emails where !TwentyFilter.canHold(email, isInList: true) {
            found.byEmail[email] = try await twenty.person(email: email)
        }
        return found
    }

    /// Records by values of a unique field, in as many calls as keep the address short enough.
    private func read(_ field: String, _ values: [String]) async throws(TwentyError) -> [TwentyRecord] {
        var records: [TwentyRecord] = []
        var rest = values[...]
        while !rest.isEmpty {
            var (count, bytes) = (0, 0)
            for value in rest.prefix(TwentyQuery.maximumLimit) {
                // Nothing takes more than three bytes for one when it is encoded.
                bytes += 3 * value.utf8.count + 9
                guard count == 0 || bytes <= Self.longestFilterBytes else { break }
                count += 1
            }
            let part = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            let filter = try TwentyClient.filter { () throws(TwentyFilter.Fault) in try .isIn(field, part) }
            records += try await twenty.page(.people, TwentyQuery(filter: filter)).records
        }
        return records
    }

    private static let longestFilterBytes = 6_000

    /// Of all that is to be so, whoever has the e-mail address.
    private static func digest(_ row: TipsClientRow, _ agent: TipsAgent) -> String {
        var person = row.person(agent: agent, memberID: nil)
        person.createdBy = nil
        let bytes = JSONValue.object(person.fields(id: nil)).canonical()
        return Hexadecimal.encode(SHA256.hash(data: bytes).prefix(16))
    }
}
