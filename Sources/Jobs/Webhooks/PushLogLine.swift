import Basics

/// The compact log line of one push: what went where, without the payload.
public struct PushLogLine: Sendable, Hashable {
    /// Most characters of the summary in the log; the body keeps it whole.
    public static let maximumSummaryCharacters = 120

    /// The engagement.
    public let engagementID: String
    /// Its status.
    public let status: String?
    /// Its outcome.
    public let outcome: String?
    /// Its summary, cut for the log.
    public let summary: String?
    /// When the body was built.
    public let sentAt: String
    /// Entries of the history.
    public let historyCount: Int
    /// Entries of the transcript.
    public let transcriptCount: Int
    /// Where it goes.
    public let targets: [CRMTarget]

    /// Keys and values for the logger, in order. Absent values are left out.
    public var metadata: [(key: String, value: String)] {
        let fields: [(String, String?)] = [
            ("engagement_id", engagementID), ("status", status), ("outcome", outcome), ("summary", summary),
            ("sent_at", sentAt), ("history_count", String(historyCount)), ("transcript_count", String(transcriptCount)),
            ("targets", targets.map(\.rawValue).joined(separator: ",")),
        ]
        return fields.compactMap { key, value in value.map { (key: key, value: $0) } }
    }

    /// A line of a push; the summary is cut to `maximumSummaryCharacters`.
    init(_ push: EngagementPush, targets: [CRMTarget]) {
        engagementID = push.engagementID
        status = push.record.status
        outcome = push.record.outcome.map(Self.cut)
        summary = push.summary.map(Self.cut)
        sentAt = push.sentAt.iso8601
        historyCount = push.historyCount
        transcriptCount = push.transcriptCount
        self.targets = targets
    }

    static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumSummaryCharacters, text.count > maximumSummaryCharacters else { return text }
        return text.prefix(maximumSummaryCharacters - 1) + "…"
    }
}
