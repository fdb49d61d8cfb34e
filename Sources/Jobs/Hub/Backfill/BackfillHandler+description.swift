import Basics
public import Queue

/// The arguments of a `hub.backfill` job: nothing but names.
public struct BackfillArguments: Sendable, Hashable {
    /// Which backfill.
    public let backfill: String
    /// Which of its workspaces.
    public let workspace: String

    static let backfillKey = "backfill"
    static let workspaceKey = "workspace"

    init(backfill: String, workspace: String) { (self.backfill, self.workspace) = (backfill, workspace) }

    /// Nil for anything but ``encoded()``.
    init?(_ bytes: [UInt8]) {
        let object: JSONObject?
        do throws(JSONError) { object = try JSONParser.parse(bytes).object } catch { return nil }
        guard let backfill = object?[Self.backfillKey]?.string, let workspace = object?[Self.workspaceKey]?.string
        else {
            return nil
        }
        self.init(backfill: backfill, workspace: workspace)
    }

    func encoded() -> [UInt8] {
        let object: JSONObject = [Self.backfillKey: .string(backfill), Self.workspaceKey: .string(workspace)]
        return JSONValue.object(object).encoded()
    }
}

extension BackfillHandler {
    /// Patient enough for a restart of domain-chatbot; what is away for longer is for another backfill.
    static let retry = RetryPolicy(attempts: 6, firstMilliseconds: 2_000, capMilliseconds: 30_000)

    /// Two log-ins and two calls.
    static let timeLimitMilliseconds = 4 * Int64(ChatbotClient.timeoutMilliseconds) + 30_000

    /// What is known of `hub.backfill` jobs.
    public static let description = KindDescription(
        name: JobKind.hubBackfill,
        summary: "Does one workspace of a backfill, which 'aventora hub backfill' starts.",
        queue: JobQueue.hub,
        retry: retry,
        leavesTrace: true,
        timeLimitMilliseconds: timeLimitMilliseconds,
        arguments: .object(
            [
                .required(BackfillArguments.backfillKey, .name, "The backfill's id."),
                .required(BackfillArguments.workspaceKey, .name, "The CRM's id of the workspace."),
            ],
            allowsOthers: false))

    /// The job of one workspace. One at a time for each, however often it is enqueued.
    public static func job(_ workspace: String, of backfill: Backfill, nowMilliseconds: Int64) -> NewJob {
        let arguments = BackfillArguments(backfill: backfill.id, workspace: workspace)
        let name = "backfill:\(backfill.id):\(PushLane.token(workspace, maximumBytes: maximumWorkspaceBytes))"
        return NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.hubBackfill, arguments: arguments.encoded(),
            policy: retry, lane: backfill.lane, key: .unique(name))
    }

    private static let maximumWorkspaceBytes = 120
}
