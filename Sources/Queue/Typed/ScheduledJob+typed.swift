extension ScheduledJob {
    /// A typed job, enqueued at each tick of a schedule.
    ///
    /// - Parameters:
    ///   - job: with its options as they are, except its delay; the same at every tick.
    ///   - name: of the schedule, unique among those of the queue, like a kind.
    ///   - pattern: five or six cron fields, or `@hourly` and the like.
    ///   - zone: of the system's time zone database.
    ///   - misfire: what becomes of ticks that nobody was there to fire.
    /// - Throws: ``QueueError/Code/invalidPattern``, ``QueueError/Code/invalidTimeZone``, ``QueueError/Code/invalidJob``.
    public init<TypedJob: Job>(
        _ job: TypedJob, name: String, pattern: String, zone: String = "UTC", misfire: CronSchedule.Misfire = .once
    ) throws(QueueError) {
        let definition = TypedJob.definition
        guard Envelope.isToken(name) else {
            throw QueueError(.invalidJob, "the schedule '\(name)' is not named by printable ASCII without spaces")
        }
        let options = job.options
        try options.check(definition.kind)
        self.init(
            schedule: CronSchedule(
                name: name, pattern: try CronPattern(parsing: pattern),
                zone: zone == "UTC" ? .utc : try TimeZoneRules(named: zone), misfire: misfire),
            queue: definition.queue,
            kind: definition.kind,
            arguments: try job.encodedArguments(),
            policy: options.retry ?? definition.retry,
            lane: options.lane,
            key: options.key,
            orderKey: options.orderKey,
            timeLimitMilliseconds: options.timeLimitMilliseconds,
            version: definition.version)
    }
}
