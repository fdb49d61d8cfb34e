public import Queue

/// Hubs that are set up, or members that are brought to them, for many workspaces of the CRM.
public struct Backfill: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Some of its workspaces are still to be done.
        case running
        /// Each has its end.
        case done
        /// A person ended it.
        case cancelled
    }

    /// `bf_` and 20 characters.
    public let id: String
    /// What it does.
    public let mode: BackfillMode
    /// How it stands.
    public let state: State
    /// Ids or subdomains that were asked for; empty for all.
    public let selection: [String]
    /// What new accounts begin with, without secrets.
    public let telephony: String?
    /// Workspaces a minute.
    public let pacePerMinute: Int
    /// Sealed; nil once it has ended.
    let secrets: SealedSecret?

    /// Workspaces a minute unless somebody says otherwise.
    public static let standardPace = 30
    /// What may be said.
    public static let paces: ClosedRange<Int> = 1...600

    private static let prefix = "bf_"

    /// A name for a new one.
    public static func makeID(nowMilliseconds: Int64) -> String {
        prefix + JobID(nowMilliseconds: nowMilliseconds).description
    }

    /// Its jobs' lane in the queue `hub`.
    public var lane: String { Self.lane(of: id) }

    static func lane(of id: String) -> String { "backfill:\(id)" }

    /// What its lane has: one workspace at a time, at its pace.
    public var limits: LaneLimits { LaneLimits(inFlight: 1, perSecond: Double(pacePerMinute) / 60) }
}

/// One workspace of a backfill, and how far it is.
public struct BackfillItem: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Its turn comes, again or for the first time.
        case pending
        /// A worker has it.
        case running
        /// It was done.
        case done
        /// There was nothing to do.
        case skipped
        /// It could not be done.
        case failed
        /// Its backfill was ended before.
        case cancelled

        /// Whether nothing more becomes of it.
        public var isEnd: Bool { self != .pending && self != .running }
    }

    /// Which.
    public let workspace: CRMWorkspace
    /// How it stands.
    public let state: State
    /// What was done, or why not; of one that is tried again, why.
    public let detail: String
    /// Runs of its jobs.
    public let attempts: Int64
    /// The job that had it last.
    public let job: JobID?
    /// Unix ms.
    public let endedAtMilliseconds: Int64?
}
