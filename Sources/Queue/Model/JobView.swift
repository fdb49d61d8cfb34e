/// Where a job is in its life.
public enum JobState: String, Sendable, Hashable, CaseIterable {
    case ready, due, running, done, dead, cancelled
}

/// What Redis knows of one job.
public struct JobView: Sendable, Hashable {
    public var id: JobID
    public var queue: QueueName
    public var state: JobState
    public var envelope: Envelope
    /// When it will be promoted, Unix ms, for ``JobState/due``; when it was buried, for ``JobState/dead``.
    public var atMilliseconds: Int64?
    /// The worker that holds it, for ``JobState/running``.
    public var worker: String?
    /// Why it is not running; nil where nobody looked.
    public var obstacle: Obstacle?
    /// The last failure, and when that was in Unix ms.
    public var lastError: (message: String, atMilliseconds: Int64)? {
        get { errorMessage.map { ($0, errorAtMilliseconds) } }
        set {
            errorMessage = newValue?.message
            errorAtMilliseconds = newValue?.atMilliseconds ?? 0
        }
    }
    private var errorMessage: String?
    private var errorAtMilliseconds: Int64 = 0

    /// - Parameter error: as the scripts keep it: Unix ms, a space, the reason.
    init(id: JobID, queue: QueueName, state: JobState, envelope: Envelope, error: String?) {
        self.id = id
        self.queue = queue
        self.state = state
        self.envelope = envelope
        if let error, let space = error.firstIndex(of: " "), let time = Int64(error[..<space]) {
            lastError = (String(error[error.index(after: space)...]), time)
        }
    }
}

/// The end of a job whose kind leaves a trace, on its way from Redis to the history.
public struct FinishedTrace: Sendable, Hashable {
    public let id: JobID
    public let queue: QueueName
    public let state: JobState
    public let kind: String
    public let attempts: Int
    public let crashes: Int
    public let deferrals: Int
    public let finishedAtMilliseconds: Int64
    /// What the handler said of a done job, or why a dead one was buried.
    public let note: String

    /// Reads `<ms> <state> <kind> <attempts> <crashes> <deferrals>`, a line end, and the note.
    init?(id: JobID, queue: QueueName, line: String) {
        let (head, note) =
            line.firstIndex(of: "\n").map { end in
                (line[..<end], line[line.index(after: end)...])
            } ?? (line[...], "")
        let fields = head.split(separator: " ")
        guard fields.count == 6, let finishedAt = Int64(fields[0]), let state = JobState(rawValue: String(fields[1])),
            let attempts = Int(fields[3]), let crashes = Int(fields[4]), let deferrals = Int(fields[5])
        else { return nil }
        self.id = id
        self.queue = queue
        self.state = state
        kind = String(fields[2])
        self.attempts = attempts
        self.crashes = crashes
        self.deferrals = deferrals
        finishedAtMilliseconds = finishedAt
        self.note = String(note)
    }

    /// The first line.
    var head: String { "\(finishedAtMilliseconds) \(state.rawValue) \(kind) \(attempts) \(crashes) \(deferrals)" }

    /// What a worker hands to the script, which puts the time in front.
    static func line(state: JobState, of envelope: Envelope, attempts: Int, note: String) -> String {
        "\(state.rawValue) \(envelope.kind) \(attempts) \(envelope.crashes) \(envelope.deferrals)\n\(note)"
    }
}
