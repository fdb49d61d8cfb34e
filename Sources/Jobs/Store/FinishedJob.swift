/// The trace of a job that has ended.
public struct FinishedJob: Sendable, Hashable {
    /// How it ended.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It did what it should.
        case done
        /// It was buried.
        case dead
        /// A person cancelled it.
        case cancelled
    }

    /// Most bytes of a note or an error that are kept.
    public static let maximumTextBytes = 8_192

    /// The job.
    public let id: String
    /// Its handler.
    public let kind: String
    /// Its queue.
    public let queue: String
    /// How it ended.
    public let state: State
    /// Attempts spent.
    public let attempts: Int64
    /// Processes that died with it.
    public let crashes: Int64
    /// Deferrals.
    public let deferrals: Int64
    /// When it was accepted, in milliseconds since 1970, if known.
    public let enqueuedAtMilliseconds: Int64?
    /// When it ended, in milliseconds since 1970.
    public let finishedAtMilliseconds: Int64
    /// What the handler has to say.
    public let note: String?
    /// The last failure.
    public let error: String?

    /// A trace. Notes and errors are cut to `maximumTextBytes`, NUL characters replaced.
    public init(
        id: String, kind: String, queue: String, state: State, attempts: Int64, crashes: Int64 = 0,
        deferrals: Int64 = 0, enqueuedAtMilliseconds: Int64? = nil, finishedAtMilliseconds: Int64,
        note: String? = nil, error: String? = nil,
    ) {
        self.id = id
        self.kind = kind
        self.queue = queue
        self.state = state
        self.attempts = attempts
        self.crashes = crashes
        self.deferrals = deferrals
        self.enqueuedAtMilliseconds = enqueuedAtMilliseconds
        self.finishedAtMilliseconds = finishedAtMilliseconds
        self.note = note.map(Self.storable)
        self.error = error.map(Self.storable)
    }

    private static func storable(_ text: String) -> String {
        StorableText.make(text, maximumBytes: maximumTextBytes)
    }
}
