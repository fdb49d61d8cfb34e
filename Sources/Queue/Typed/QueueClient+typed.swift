extension QueueClient {
    /// Enqueues a typed job into the queue of its definition.
    ///
    /// Not idempotent unless the job has a key: after ``QueueError/Code/unavailable`` it may be there.
    /// - Parameter delayMilliseconds: instead of its own ``JobOptions/delayMilliseconds``.
    /// - Returns: the id of the job that does the work, and whether that is one which held the key before.
    /// - Throws: ``QueueError/Code/invalidJob``, ``QueueError/Code/queueFull``, ``QueueError/Code/limitExceeded``,
    ///   ``QueueError/Code/unavailable``.
    @discardableResult
    public func enqueue<TypedJob: Job>(
        _ job: TypedJob, delayMilliseconds: Int64? = nil
    ) async throws(QueueError) -> SubmissionResult.Item {
        let items = try await enqueue([job], delayMilliseconds: delayMilliseconds)
        guard let item = items.first else { throw Self.unexpectedReply }
        return item
    }

    /// Enqueues a typed job that shall run at a time, by Redis's clock. Two round trips.
    ///
    /// - Parameter atMilliseconds: Unix ms; a past one is now.
    /// - Throws: as ``enqueue(_:delayMilliseconds:)``; more than ``Limits/maximumDelayMilliseconds`` ahead is
    ///   ``QueueError/Code/limitExceeded``.
    @discardableResult
    public func enqueue<TypedJob: Job>(
        _ job: TypedJob, atMilliseconds: Int64
    ) async throws(QueueError) -> SubmissionResult.Item {
        let now = try await nowMilliseconds()
        return try await enqueue(job, delayMilliseconds: max(0, atMilliseconds - now))
    }

    /// Enqueues typed jobs, all of them or none, in order.
    ///
    /// - Parameter jobs: at most ``Limits/maximumJobsPerEnqueue``.
    /// - Throws: as ``enqueue(_:delayMilliseconds:)``.
    @discardableResult
    public func enqueue<TypedJob: Job>(
        _ jobs: [TypedJob], delayMilliseconds: Int64? = nil
    ) async throws(QueueError) -> [SubmissionResult.Item] {
        var encoded: [NewJob] = []
        encoded.reserveCapacity(jobs.count)
        for job in jobs { encoded.append(try NewJob(job, id: makeID(), delayMilliseconds: delayMilliseconds)) }
        return try await enqueue(encoded, to: TypedJob.definition.queue)
    }

    /// Redis's clock, Unix ms.
    func nowMilliseconds() async throws(QueueError) -> Int64 {
        if scriptTimeMilliseconds > 0 { return scriptTimeMilliseconds }
        let parts = strings(try await run(command("TIME"))).compactMap { Int64($0) }
        guard parts.count == 2 else { throw Self.unexpectedReply }
        return parts[0] * 1_000 + parts[1] / 1_000
    }
}
