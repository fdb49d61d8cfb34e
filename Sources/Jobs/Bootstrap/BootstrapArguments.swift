import Basics
public import Queue

/// The arguments of a `call.bootstrap` job: `{"event": {...}, "name", "at"}`.
public struct BootstrapArguments: Sendable, Hashable {
    /// The `call.started`.
    public let event: Event
    /// Its id, or the one that it was given.
    public let name: String
    /// When it was accepted, Unix ms.
    public let atMilliseconds: Int64

    /// The job that begins a call, in the lane of its account.
    public static func job(_ event: Event, name: String, nowMilliseconds: Int64) -> NewJob {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("event")
        writer.value(.object(event.source))
        writer.key("name")
        writer.string(name)
        writer.key("at")
        writer.string(Timestamp(milliseconds: nowMilliseconds).iso8601)
        writer.endObject()
        return NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.callBootstrap, arguments: writer.bytes,
            policy: BootstrapHandler.retry, lane: lane(event.domainName))
    }

    /// Throws when the bytes are not what ``job(_:name:nowMilliseconds:)`` writes: the job cannot ever run.
    static func decode(_ bytes: [UInt8]) throws(InputError) -> BootstrapArguments {
        let object = try PushArguments.object(bytes)
        var fields = FieldReader(object)
        let name = fields.identifier("name", isRequired: true)
        let at = fields.timestamp("at", isRequired: true)
        let event = try Event(object["event"] ?? .null, pointer: "/event")
        if event.type != .callStarted { fields.report("event", "Only a call.started has a bootstrap.") }
        guard fields.problems.isEmpty, let name, let at else { throw InputError(problems: fields.problems) }
        return BootstrapArguments(event: event, name: name, atMilliseconds: at.milliseconds)
    }

    static func lane(_ domainName: String) -> String {
        "call-bootstrap:" + PushLane.token(domainName, maximumBytes: 120)
    }
}

extension BootstrapHandler {
    /// What is known of `call.bootstrap` jobs.
    public static let description = KindDescription(
        name: JobKind.callBootstrap,
        summary: "Finds or makes the Twenty person of a call that starts, then tells engagement.created.",
        queue: JobQueue.webhooks,
        retry: retry,
        leavesTrace: true,
        arguments: .object(
            [
                .required("event", Event.schema, "A call.started."),
                .required("name", .name, "The event's id."),
                .required("at", .time, "When it was accepted."),
            ], allowsOthers: false),
        check: { bytes throws(InputError) in _ = try BootstrapArguments.decode(bytes) },
        lane: { arguments in
            arguments["event"]?.object?["domain_name"]?.string.map(BootstrapArguments.lane) ?? ""
        })
}

/// Says which calls have a bootstrap.
public struct BootstrapPlanner: Sendable {
    private let accounts: BootstrapAccounts

    /// A planner that asks the accounts.
    public init(accounts: BootstrapAccounts) { self.accounts = accounts }

    /// The job that takes the place of an event's pushes; nil where it has none. While an account cannot be asked, its calls
    /// have one, which asks again.
    public func plan(_ event: Event, name: String, nowMilliseconds: Int64) async -> NewJob? {
        guard event.type == .callStarted else { return nil }
        do throws(JobsError) {
            guard try await accounts.workspaceID(of: event.domainName) != nil else { return nil }
        } catch {
            // Known to the job's handler soon enough.
        }
        return BootstrapArguments.job(event, name: name, nowMilliseconds: nowMilliseconds)
    }
}
