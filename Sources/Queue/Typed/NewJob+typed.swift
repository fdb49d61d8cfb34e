extension NewJob {
    /// A typed job, encoded.
    ///
    /// - Parameters:
    ///   - id: made by ``JobID/init(nowMilliseconds:)``.
    ///   - delayMilliseconds: instead of its own ``JobOptions/delayMilliseconds``.
    /// - Throws: ``QueueError/Code/invalidJob``, ``QueueError/Code/limitExceeded``.
    public init<TypedJob: Job>(
        _ job: TypedJob, id: JobID, delayMilliseconds: Int64? = nil
    ) throws(QueueError) {
        let definition = TypedJob.definition
        var options = job.options
        if let delayMilliseconds { options.delayMilliseconds = delayMilliseconds }
        try options.check(definition.kind)
        self.init(
            id: id,
            kind: definition.kind,
            arguments: try job.encodedArguments(),
            policy: options.retry ?? definition.retry,
            lane: options.lane,
            delayMilliseconds: options.delayMilliseconds,
            key: options.key,
            orderKey: options.orderKey,
            // The definition's limit is the handler's: in the envelope it would cost each job some bytes.
            timeLimitMilliseconds: options.timeLimitMilliseconds,
            version: definition.version)
    }
}
