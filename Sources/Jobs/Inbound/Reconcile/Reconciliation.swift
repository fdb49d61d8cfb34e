import Basics

/// How far the search for changes of one object in one workspace has come.
struct Reconciliation: Sendable, Hashable {
    /// Singular, such as `person`.
    let object: String
    /// When it began to be searched at all: what changed before is nobody's news. Unix ms, as are all times here.
    let baseline: Int64
    /// Everything up to here is known.
    var since: Int64
    /// When the search under way began; nil between two.
    var startedAt: Int64?
    /// Whether it is among those in the trash by now.
    var isInTrash: Bool
    /// Behind which page it goes on.
    var cursor: String?

    /// The next page of a search under way.
    mutating func go(to next: String?) {
        cursor = next
        guard next == nil else { return }
        if isInTrash {
            since = max(since, startedAt ?? since)
            (startedAt, isInTrash) = (nil, false)
        } else {
            isInTrash = true
        }
    }
}

/// What of a page has to be told.
struct ReconciliationPage: Sendable {
    /// How long a webhook may take, in ms: what changed within it is left to the next search.
    static let settleMilliseconds: Int64 = 60_000

    let reconciliation: Reconciliation
    let workspaceID: String
    /// How far before `since` records are looked for, in ms.
    let overlapMilliseconds: Int64

    /// The changes that are missing, in the order of the records.
    ///
    /// - Parameter told: by record, what was told of it.
    func missing(_ records: [TwentyRecord], told: [String: ToldRecord]) -> [InboundChange] {
        records.compactMap { record in
            guard let updatedAt = record.updatedAt, let moment = moment(record, updatedAt) else { return nil }
            let action = (told[record.id] ?? ToldRecord()).missing(
                updatedAt: updatedAt.microseconds, deletedAt: record.deletedAt?.microseconds, isNew: isNew(record))
            guard let action else { return nil }
            return InboundChange(
                source: .reconciliation,
                key: InboundKey.of(
                    "found", workspaceID, reconciliation.object, record.id, updatedAt.iso8601Microseconds,
                    record.deletedAt?.iso8601Microseconds ?? ""),
                object: reconciliation.object, action: action, workspaceID: workspaceID, webhookID: nil, at: moment,
                record: record.fields, previous: nil, updatedFields: [], actor: JSONObject())
        }
    }

    /// When the change happened; nil for one that is not to be told now.
    private func moment(_ record: TwentyRecord, _ updatedAt: Timestamp) -> Timestamp? {
        let moment = max(updatedAt, record.deletedAt ?? updatedAt)
        let end = (reconciliation.startedAt ?? reconciliation.since) - Self.settleMilliseconds
        guard moment.milliseconds >= reconciliation.baseline, moment.milliseconds <= end else { return nil }
        return moment
    }

    /// Whether its creation falls into this search; what was created before and is not remembered was told long ago.
    private func isNew(_ record: TwentyRecord) -> Bool {
        guard let createdAt = record.text("createdAt").flatMap({ Timestamp(iso8601: $0) }) else { return false }
        return createdAt.milliseconds >= max(reconciliation.baseline, reconciliation.since - overlapMilliseconds)
    }
}
