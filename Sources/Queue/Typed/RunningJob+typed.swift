extension RunningJob {
    /// Replaces the arguments in Redis for this and every later attempt, before anything that depends on them happens.
    /// They are of the type's newest version from then on.
    ///
    /// - Throws: as ``keep(arguments:)``, and ``QueueError/Code/invalidJob``.
    /// - Precondition: the job is of this kind.
    public func keep<TypedJob: Job>(_ job: TypedJob) async throws {
        let definition = TypedJob.definition
        precondition(definition.kind == kind, "a job of the kind '\(kind)' cannot keep a '\(definition.kind)'")
        try await keep(arguments: try job.encodedArguments(), version: definition.version)
    }

    /// A job for ``JobOutcome/done(note:then:)``: it is enqueued in the step that ends this one.
    ///
    /// - Throws: ``QueueError/Code/invalidJob``, also when it belongs into another queue: only one queue changes in one
    ///   step. Such a job is enqueued by a ``QueueClient`` before the outcome is returned.
    public func follower<TypedJob: Job>(_ job: TypedJob) throws(QueueError) -> NewJob {
        let definition = TypedJob.definition
        guard definition.queue == queue else {
            throw QueueError(
                .invalidJob, "'\(definition.kind)' belongs into the queue '\(definition.queue)', not '\(queue)'")
        }
        return try NewJob(job, id: run.makeID())
    }
}
