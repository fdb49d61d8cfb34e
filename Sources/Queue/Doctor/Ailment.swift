/// One way in which a queue's data can be wrong. `docs/doctor.md` says of each how it could come about and what the repair
/// does.
public enum Ailment: String, Sendable, Hashable, CaseIterable {
    // Jobs and the places where they are.
    case jobNowhere = "job-nowhere"
    case jobInTwoPlaces = "job-in-two-places"
    case jobTwiceInLine = "job-twice-in-line"
    case jobClaimedTwice = "job-claimed-twice"
    case envelopeUnreadable = "envelope-unreadable"
    case envelopeOfLaterRelease = "envelope-of-later-release"
    case claimWithoutJob = "claim-without-job"
    case claimUnreadable = "claim-unreadable"
    case entryWithoutJob = "entry-without-job"
    case dueWithoutJob = "due-without-job"
    case deadWithoutJob = "dead-without-job"
    case errorWithoutJob = "error-without-job"
    case cancelWithoutRun = "cancel-without-run"
    case cancelledNotInLine = "cancelled-not-in-line"
    case cancelledButThere = "cancelled-but-there"
    case dueInAnotherLane = "due-in-another-lane"
    case dueUnreadable = "due-unreadable"

    // Keys and followers.
    case keyWithoutJob = "key-without-job"
    case keyUnreadable = "key-unreadable"
    case keyUnknown = "key-unknown"
    case markWithoutFollower = "mark-without-follower"
    case followerWithoutMark = "follower-without-mark"
    case followerWithoutJob = "follower-without-job"
    case followerInQueue = "follower-in-queue"
    case followerUnreadable = "follower-unreadable"
    case labelsWithoutJob = "labels-without-job"
    case labelsUncounted = "labels-uncounted"

    // Order keys.
    case turnUnreadable = "turn-unreadable"
    case turnWithoutJob = "turn-without-job"
    case turnMisplaced = "turn-misplaced"
    case turnLost = "turn-lost"
    case chainStuck = "chain-stuck"

    // Lanes.
    case laneWithoutState = "lane-without-state"
    case laneStateUnknown = "lane-state-unknown"
    case laneNotInRing = "lane-not-in-ring"
    case laneTwiceInRing = "lane-twice-in-ring"
    case laneInRingWrongly = "lane-in-ring-wrongly"
    case laneStuck = "lane-stuck"
    case laneHoldLost = "lane-hold-lost"
    case holdWithoutState = "hold-without-state"
    case laneWithoutJobs = "lane-without-jobs"
    case runningMiscounted = "running-miscounted"
    case lanesMisadded = "lanes-misadded"
    case limitsUnreadable = "limits-unreadable"
    case laneRecordUnreadable = "lane-record-unreadable"
    case laneRecordLeft = "lane-record-left"

    // The queue as a whole.
    case claimsWithoutLease = "claims-without-lease"
    case leaseNotReaped = "lease-not-reaped"
    case fenceBehind = "fence-behind"
    case numberUnreadable = "number-unreadable"
    case doorbellTooLong = "doorbell-too-long"
    case wrongType = "wrong-type"

    // The processes.
    case workerWithoutDescription = "worker-without-description"
    case descriptionWithoutWorker = "description-without-worker"
    case quietWithoutWorker = "quiet-without-worker"
    case clockAhead = "clock-ahead"

    /// How much it matters.
    public enum Severity: String, Sendable, Hashable {
        /// Something is wrong.
        case fault
        /// Nothing is wrong: what is no longer needed, and goes with a repair.
        case dust
        /// Nothing is wrong as far as this release can tell.
        case notice
    }

    public var severity: Severity {
        switch self {
        case .laneRecordLeft: .dust
        case .keyUnknown, .envelopeOfLaterRelease: .notice
        default: .fault
        }
    }

    /// Whether a repair is never tried: it would have to guess what was meant.
    public var isOnlyReported: Bool {
        switch self {
        case .envelopeUnreadable, .envelopeOfLaterRelease, .followerUnreadable, .keyUnknown, .wrongType: true
        default: false
        }
    }
}
