public import Basics
public import Queue

/// Runs `engagement.route` jobs: the account's targets could not be read when its event came in.
public struct RouteHandler: Sendable {
    private let directory: TargetDirectory
    private let retry: RetryPolicy
    private let calls: CallPushes
    private let clock: any WallClock

    private static let pauseMilliseconds: Int64 = 1_000

    /// - Parameter retry: of the pushes that follow.
    public init(
        directory: TargetDirectory, retry: RetryPolicy, calls: CallPushes = .standard, clock: any WallClock
    ) {
        self.directory = directory
        self.retry = retry
        self.calls = calls
        self.clock = clock
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.engagementRoute, leavesTrace: true) { job in
            let event: Event
            do { event = try RouteArguments.decode(job.arguments) } catch {
                return .bury(reason: "unreadable arguments: \(error)")
            }
            guard let routes = await directory.routes(of: [event.domainName])[event.domainName] else {
                return .defer(
                    milliseconds: Self.pauseMilliseconds, reason: "the account's settings cannot be read now")
            }
            let now = clock.nowMilliseconds()
            let pushes = EventRouter.plan(event, targets: Array(routes.keys), calls: calls)
                .map { $0.newJob(retry: retry, nowMilliseconds: now) }
            return .done(
                note: "\(pushes.count) pushes: \(pushes.map(\.id.description).joined(separator: " "))", then: pushes)
        }
    }
}
