// The workspace is gone with all its data, so three things are looked at first: that the demo's time is over, that the
// workspace is the one that was meant, and, where the CRM says 404, that it was the CRM's own route that said so.

public import Basics
import Curl
public import Queue

/// Runs `demo.teardown` jobs: deletes a demo's workspace in the CRM. A workspace that is gone is a job done.
public struct TeardownHandler: Sendable {
    private let crm: ServiceClient?
    private let clock: any WallClock

    /// The CRM drops a workspace's whole schema.
    public static let timeoutMilliseconds = 120_000

    private static let path = "/auth/provision/workspace"

    /// - Parameter crm: its provisioning API; nil while nobody said where it is.
    public init(crm: ServiceClient?, clock: any WallClock) {
        self.crm = crm
        self.clock = clock
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(
            kind: JobKind.demoTeardown, queue: JobQueue.hub, leavesTrace: true,
            timeLimitMilliseconds: Self.timeLimitMilliseconds
        ) { job in await run(job.arguments) }
    }

    func run(_ bytes: [UInt8]) async -> JobOutcome {
        let arguments: TeardownArguments
        do throws(InputError) { arguments = try TeardownArguments(bytes) } catch {
            return .bury(reason: "its arguments cannot be read: \(error)")
        }
        let early = (arguments.expiresAt?.milliseconds ?? 0) - clock.nowMilliseconds()
        guard early <= 0 else {
            return .defer(
                milliseconds: min(early, Limits.maximumDelayMilliseconds), reason: "the demo has not expired yet")
        }
        guard let crm else {
            return .bury(reason: "CRM_API_URL or CRM_PROVISIONING_SECRET is not set for the worker that ran it")
        }
        do throws(ServiceError) { return try await tearDown(arguments, crm) } catch { return error.outcome }
    }

    private func tearDown(
        _ arguments: TeardownArguments, _ crm: ServiceClient
    ) async throws(ServiceError) -> JobOutcome {
        let query = [(name: TeardownArguments.subdomainKey, value: arguments.subdomain)]
        if let wanted = arguments.workspaceID {
            let found = try await crm.send(ServiceRequest(.get, Self.path, query: query))
            if found.status == 404 { return try Self.gone(found) }
            guard let id = Self.workspaceID(try found.success().json()) else {
                throw ServiceError(.unreadable, service: found.service, "the answer names no workspace", status: 200)
            }
            guard id == wanted else {
                return .done(note: "left alone: another workspace has this subdomain now, \(found.shown(id))")
            }
        }
        let reply = try await crm.send(ServiceRequest(.delete, Self.path, query: query))
        if reply.status == 404 { return try Self.gone(reply) }
        try reply.success()
        return .done(note: "deleted")
    }

    /// A CRM too old for the route, or a proxy that knows no such path, has not said that the workspace is gone.
    private static func gone(_ reply: ServiceReply) throws(ServiceError) -> JobOutcome {
        let text = String(decoding: reply.body, as: UTF8.self)
        guard !text.contains("Cannot DELETE"), !text.contains("Cannot GET") else {
            throw ServiceError(
                .notFound, service: reply.service, "there is no such route: \(reply.summary)", status: 404)
        }
        return .done(note: "it was gone already")
    }

    private static func workspaceID(_ value: JSONValue) -> String? {
        guard let object = value.object else { return nil }
        let inner = object["workspace"]?.object ?? object
        return inner["workspaceId"]?.string ?? inner["id"]?.string
    }
}
