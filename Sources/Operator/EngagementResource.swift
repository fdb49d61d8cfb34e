import Basics
import Jobs

/// Starts, bulks and workspaces' settings as people and programs are shown them.
enum EngagementResource {
    private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    private static func number(_ value: Int) -> JSONValue { .number("\(value)") }
    private static func time(_ milliseconds: Int64?) -> JSONValue {
        text(milliseconds.map { Timestamp(milliseconds: $0).iso8601 })
    }

    /// As `/rest/aventora/start-engagement` answers: in the spelling of the CRM that asks.
    static func accepted(_ start: EngagementStart, isDuplicate: Bool) -> JSONObject {
        [
            "id": .string(start.id), "jobId": .string(start.jobID), "engagementId": text(start.engagementID),
            "personId": .string(start.plan.personID), "workspaceId": text(start.plan.scope.workspaceID),
            "status": .string(start.status), "channel": .string(start.plan.channel.rawValue),
            "type": .string(start.plan.type.rawValue), "contactIdentifier": .string(start.plan.contactIdentifier),
            "createdAt": time(start.createdAtMilliseconds), "duplicate": .bool(isDuplicate),
            "durability": .string("outbox"),
        ]
    }

    /// As `/rest/aventora/cancel-engagement` answers.
    static func cancelled(id: String?, engagementID: String?, jobID: String?, status: String) -> JSONObject {
        [
            "id": text(id), "engagementId": text(engagementID), "jobId": text(jobID), "status": .string(status),
        ]
    }

    /// As `/rest/aventora/bulk-engagement` answers.
    static func accepted(_ bulk: EngagementBulk, isDuplicate: Bool) -> JSONObject {
        [
            "id": .string(bulk.id), "jobId": .string(bulk.runner), "status": .string(bulk.state.rawValue),
            "workspaceId": text(bulk.workspaceID), "total": number(bulk.total),
            "pacePerMinute": number(bulk.pacePerMinute), "createdAt": time(bulk.createdAtMilliseconds),
            "duplicate": .bool(isDuplicate), "durability": .string("outbox"),
        ]
    }

    /// One start with what the Hub last said of it.
    static func start(_ start: EngagementStart) -> JSONObject {
        let plan = start.plan
        return [
            "id": .string(start.id), "job_id": .string(start.jobID), "engagement_id": text(start.engagementID),
            "person_id": .string(plan.personID), "workspace_id": text(plan.scope.workspaceID),
            "domain_name": .string(plan.scope.domainName), "state": .string(start.state.rawValue),
            "status": .string(start.status), "channel": .string(plan.channel.rawValue),
            "type": .string(plan.type.rawValue), "instruction": text(plan.instruction),
            "contact_identifier": .string(plan.contactIdentifier), "outcome": text(start.outcome),
            "summary": text(start.summary), "error": text(start.error), "cancel_job_id": text(start.cancelJobID),
            "created_at": time(start.createdAtMilliseconds), "started_at": time(start.startedAtMilliseconds),
            "ended_at": time(start.endedAtMilliseconds),
        ]
    }

    /// A bulk and how far it is.
    static func bulk(_ bulk: EngagementBulk, _ progress: EngagementBulkProgress) -> JSONObject {
        let states = EngagementStart.State.allCases
            .map { JSONObject.Member(key: $0.rawValue, value: number(progress.starts[$0] ?? 0)) }
        let skips = progress.skipped.sorted { $0.key < $1.key }
            .map { JSONObject.Member(key: $0.key, value: number($0.value)) }
        let skipped = progress.skipped.values.reduce(0, +)
        return [
            "id": .string(bulk.id), "state": .string(bulk.state.rawValue), "job_id": .string(bulk.runner),
            "workspace_id": text(bulk.workspaceID), "domain_name": .string(bulk.domainName),
            "wish": .object(bulk.wish.object), "pace_per_minute": number(bulk.pacePerMinute),
            "total": number(bulk.total), "waiting": number(progress.waiting),
            "engaged": number(bulk.total - progress.waiting - skipped),
            "engagements": .object(JSONObject(members: states)),
            "skipped": number(skipped), "skipped_by_reason": .object(JSONObject(members: skips)),
            "next_at": bulk.state == .running ? time(bulk.nextAtMilliseconds) : .null, "error": text(bulk.error),
            "created_at": time(bulk.createdAtMilliseconds), "ended_at": time(bulk.endedAtMilliseconds),
        ]
    }

    /// A workspace's settings without its key.
    static func workspace(_ workspace: EngagementWorkspace) -> JSONObject {
        let actions = workspace.actions.sorted { $0.key < $1.key }
            .map { JSONObject.Member(key: $0.key, value: .object($0.value.object)) }
        return [
            "workspace_id": .string(workspace.id), "domain_name": .string(workspace.domainName),
            "enabled": .bool(workspace.isEnabled), "has_api_key": .bool(workspace.sealedKey != nil),
            "channel": text(workspace.defaults.channel?.rawValue), "type": text(workspace.defaults.type?.rawValue),
            "instruction": text(workspace.defaults.instruction), "actions": .object(JSONObject(members: actions)),
            "rules": .array(workspace.rules.map { .object($0.object) }),
        ]
    }
}
