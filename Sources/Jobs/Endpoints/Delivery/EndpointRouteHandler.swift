public import Basics
public import Queue

/// Runs `endpoint.route` jobs: the endpoints could not be read when their event came in.
public struct EndpointRouteHandler: Sendable {
    private let directory: EndpointDirectory
    private let clock: any WallClock

    /// - Parameter directory: kept fresh by somebody else.
    public init(directory: EndpointDirectory, clock: any WallClock) {
        self.directory = directory
        self.clock = clock
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.endpointRoute, leavesTrace: true) { job in
            let event: EndpointEvent
            do { event = try EndpointRouteArguments.decode(job.arguments) } catch {
                return .bury(reason: "unreadable arguments: \(error)")
            }
            guard let snapshot = await directory.snapshot() else {
                return EndpointHandler.unspent("the endpoints cannot be read now")
            }
            let jobs = EndpointRouter.plan(
                event, to: snapshot.endpoints(wanting: event), nowMilliseconds: clock.nowMilliseconds())
            return .done(note: "\(jobs.count) deliveries", then: jobs)
        }
    }
}
