public import Basics

/// Which records a search for changes is for.
public enum TwentyPresence: Sendable, Hashable, CaseIterable {
    /// Those that are there, by when they changed.
    case live
    /// Those in the trash, by when they were put there. What was destroyed leaves nothing to be found.
    case trashed

    /// The field that says when.
    var field: String { self == .live ? "updatedAt" : "deletedAt" }
}

extension TwentyClient {
    /// How far a search begins before the moment up to which all is known, in ms: a record is stamped before its
    /// transaction is visible, and servers' clocks differ.
    public static let overlapMilliseconds: Int64 = 120_000

    /// One page of what changed since a moment, oldest first. The same records come again with each overlap: compare their
    /// `updatedAt` with what is known.
    ///
    /// - Parameters:
    ///   - since: the same for all pages of one search.
    ///   - cursor: of the page before; nil for the first.
    public func changes(
        of object: TwentyObject, since: Timestamp, after cursor: String? = nil, presence: TwentyPresence = .live,
        overlapMilliseconds: Int64 = TwentyClient.overlapMilliseconds, limit: Int = TwentyQuery.maximumLimit
    ) async throws(TwentyError) -> TwentyPage {
        let start = Timestamp(milliseconds: max(0, since.milliseconds - overlapMilliseconds)).iso8601
        let filter = try Self.filter { () throws(TwentyFilter.Fault) in
            try .compare(presence.field, .gte, start)
        }
        return try await page(
            object, TwentyQuery(filter: filter, order: (presence.field, .ascending), limit: limit, after: cursor))
    }

    /// One page of the workspace's members.
    public func members(after cursor: String? = nil) async throws(TwentyError) -> TwentyPage {
        try await page(.workspaceMembers, TwentyQuery(after: cursor))
    }

    /// Changes these fields of a member and no others.
    public func patchMember(id: String, _ fields: JSONObject) async throws(TwentyError) -> TwentyRecord {
        try await patch(.workspaceMembers, id: id, fields)
    }
}
