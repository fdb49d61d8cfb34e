import Basics
import Curl
public import Queue

/// Runs `hub.provision` jobs: one call of the assistant each.
public struct ProvisionHandler: Sendable {
    private let assistant: ServiceClient?

    /// Setting a Hub up takes the assistant a while.
    public static let timeoutMilliseconds = 120_000

    /// - Parameter assistant: nil while nobody said where it is.
    public init(assistant: ServiceClient?) { self.assistant = assistant }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(
            kind: JobKind.hubProvision, queue: JobQueue.hub, leavesTrace: true,
            timeLimitMilliseconds: Self.timeLimitMilliseconds
        ) { job in await run(job.arguments, id: job.id) }
    }

    func run(_ bytes: [UInt8], id: JobID) async -> JobOutcome {
        let arguments: ProvisionArguments
        do throws(InputError) { arguments = try ProvisionArguments(bytes) } catch {
            return .bury(reason: "its arguments cannot be read: \(error)")
        }
        guard let assistant else {
            return .bury(
                reason: "AVENTORA_HUB_PROVISION_CALLBACK_URL or its secret is not set for the worker that ran it")
        }
        // The same for each attempt, so that the assistant may know a repetition.
        let request = ServiceRequest(
            .post, "", headers: [("Idempotency-Key", id.description)], body: arguments.encoded())
        do throws(ServiceError) {
            return try Self.outcome(of: try await assistant.send(request).success())
        } catch {
            return error.outcome
        }
    }

    /// What the assistant's 2xx means. "Skipped" is an answer, not a failure: there is nothing to do.
    static func outcome(of reply: ServiceReply) throws(ServiceError) -> JobOutcome {
        guard !reply.body.isEmpty else { return .done(note: "ok") }
        let answer = try reply.json()
        guard let object = answer.object else {
            throw ServiceError(
                .unreadable, service: reply.service, "the answer is \(answer.kindName)", status: reply.status)
        }
        let status = object["status"]?.string ?? "ok"
        let reason = ["reason", "message", "error"].lazy.compactMap { object[$0]?.string }.first
        let line = reply.shown(reason.map { "\(status): \($0)" } ?? status)
        return failures.contains(status) ? .retry(reason: "\(reply.service) says \(line)") : .done(note: line)
    }

    private static let failures: Set<String> = ["error", "failed"]
}
