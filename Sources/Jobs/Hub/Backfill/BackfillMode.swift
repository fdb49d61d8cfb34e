/// What a backfill does.
public enum BackfillMode: String, Sendable, Hashable, CaseIterable {
    /// Sets up the Hub of every workspace that has none.
    case full
    /// Brings the members of every workspace that has a Hub there.
    case syncMembers = "sync_members"
}
