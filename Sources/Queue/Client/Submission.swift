/// A promise to a caller that the same submission is carried out once.
public struct Receipt: Sendable, Hashable {
    /// Names the submission; kept for ``Limits/receiptLifetimeMilliseconds``.
    public let key: String
    /// Of what was submitted: another digest under the same key is a conflict. Not empty, no line ends.
    public let digest: String

    public init(key: String, digest: String) {
        self.key = key
        self.digest = digest
    }
}

/// Jobs that go into one queue together: all of them or none.
public struct Submission: Sendable {
    /// The jobs of one event, say, and the receipt that answers for them.
    public struct Group: Sendable {
        public var receipt: Receipt?
        public var jobs: [NewJob]

        public init(receipt: Receipt? = nil, jobs: [NewJob]) {
            self.receipt = receipt
            self.jobs = jobs
        }
    }

    /// Answers for the submission as a whole.
    public var receipt: Receipt?
    public var groups: [Group]

    public init(receipt: Receipt? = nil, groups: [Group]) {
        self.receipt = receipt
        self.groups = groups
    }

    var jobs: some Sequence<NewJob> { groups.lazy.flatMap(\.jobs) }

    /// Whether Redis would recognise this submission if it came again.
    var hasReceipts: Bool { receipt != nil || groups.allSatisfy { $0.receipt != nil || $0.jobs.isEmpty } }
}

/// What became of a ``Submission``.
public enum SubmissionResult: Sendable, Hashable {
    /// One job of a group.
    public struct Item: Sendable, Hashable {
        /// The job that does the work.
        public let id: JobID
        /// Whether that is a job which was there before: by its receipt, or because it holds the key.
        public let isDuplicate: Bool

        public init(id: JobID, isDuplicate: Bool) {
            self.id = id
            self.isDuplicate = isDuplicate
        }
    }

    /// The jobs of one group, in order.
    public struct Group: Sendable, Hashable {
        public let jobs: [Item]
        /// Whether an earlier submission with the same receipt answers for this one.
        public let isDuplicate: Bool

        public var ids: [JobID] { jobs.map(\.id) }

        public init(jobs: [Item], isDuplicate: Bool) {
            self.jobs = jobs
            self.isDuplicate = isDuplicate
        }

        /// Jobs that are all new, or all known by their receipt.
        public init(ids: [JobID], isDuplicate: Bool) {
            self.init(jobs: ids.map { Item(id: $0, isDuplicate: isDuplicate) }, isDuplicate: isDuplicate)
        }
    }

    /// Redis has all of it.
    case accepted([Group])
    /// Nothing was enqueued: a receipt's key was used with another digest. `group` counts from 0; nil is the
    /// submission's own receipt.
    case conflict(group: Int?)
    /// Nothing was enqueued: the queue holds as many waiting jobs as it may.
    case full(waiting: Int)
}
