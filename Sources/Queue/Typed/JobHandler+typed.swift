extension JobHandler {
    /// A handler of typed jobs.
    ///
    /// - Parameters:
    ///   - type: whose ``Job/definition`` says kind, queue, version, time limit and trace.
    ///   - run: does the work; see ``JobHandler/init(kind:queue:leavesTrace:timeLimitMilliseconds:newestVersion:run:)``.
    ///     A job whose arguments cannot be read is buried and never gets here.
    public init<TypedJob: Job>(
        _ type: TypedJob.Type,
        run: @escaping @Sendable (_ job: TypedJob, _ context: RunningJob) async throws -> JobOutcome
    ) {
        let definition = type.definition
        self.init(
            kind: definition.kind,
            queue: definition.queue,
            leavesTrace: definition.leavesTrace,
            timeLimitMilliseconds: definition.timeLimitMilliseconds,
            newestVersion: definition.version
        ) { context in
            let job: TypedJob
            do {
                job = try type.decode(context.arguments, version: context.version)
            } catch let error as UnreadableArguments {
                return .bury(reason: error.description)
            } catch {
                let fault = UnreadableArguments(kind: context.kind, version: context.version, reason: "\(error)")
                return .bury(reason: fault.description)
            }
            return try await run(job, context)
        }
    }
}

extension JobRegistry {
    /// Registers the handler of a type of job.
    ///
    /// - Precondition: the kind has no handler yet.
    public mutating func register<TypedJob: Job>(
        _ type: TypedJob.Type,
        run: @escaping @Sendable (_ job: TypedJob, _ context: RunningJob) async throws -> JobOutcome
    ) {
        register(JobHandler(type, run: run))
    }
}
