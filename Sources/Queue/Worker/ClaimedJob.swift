/// A job as it was claimed. An object: every frame of a run that is suspended holds it, and an envelope has many parts.
final class ClaimedJob: Sendable {
    let id: JobID
    let fence: Int64
    let envelope: Envelope

    init(id: JobID, fence: Int64, envelope: Envelope) { (self.id, self.fence, self.envelope) = (id, fence, envelope) }

    /// The same with arguments of this version.
    func with(argumentsVersion: Int) -> ClaimedJob {
        guard argumentsVersion != envelope.options.argumentsVersion else { return self }
        var envelope = envelope
        envelope.options.argumentsVersion = argumentsVersion
        return ClaimedJob(id: id, fence: fence, envelope: envelope)
    }
}
