/// Where records are synced to.
public enum RecordSyncMode: String, Sendable, Hashable, CaseIterable {
    /// Nowhere.
    case disabled
    /// Through the platform. No API of a platform that takes records is defined, so nothing can be sent: see
    /// `docs/twenty.md`.
    case platform
    /// To the Twenty instance itself.
    case directCRM = "direct_crm"
}
