// The CRM knows its members; domain-chatbot asks it on behalf of those who have no secret of the CRM's. Neither is needed for a
// call to be told: without them the person stays the system's.

import Basics
import Curl
public import Logging
public import Queue
import Synchronization

/// Finds out whose a person is to be.
public final class OwnershipDirectory: Sendable {
    /// How long an answer is trusted, in ms: 15 minutes.
    static let freshMilliseconds: Int64 = 900_000
    /// Answers that are remembered; beyond it all are dropped.
    private static let maximumAnswers = 10_000

    struct Key: Hashable, Sendable {
        let domainName: String
        let initiator: CallContact.Initiator
    }

    private struct Answer {
        let context: OwnershipContext?
        let readAtMilliseconds: Int64
    }

    private let provisioning: ServiceClient?
    private let chatbot: ServiceClient?
    private let clock: any MonotonicClock
    private let logger: Logger
    private let answers = Mutex<[Key: Answer]>([:])

    /// - Parameters:
    ///   - provisioning: the CRM's API; its token is the provisioning secret.
    ///   - chatbot: domain-chatbot; its token is the domain's key.
    public init(
        provisioning: ServiceClient?, chatbot: ServiceClient?, clock: any MonotonicClock, logger: Logger
    ) {
        (self.provisioning, self.chatbot, self.clock, self.logger) = (provisioning, chatbot, clock, logger)
    }

    /// Whose; nil when nobody's, or nobody can say now. At most two calls.
    func context(
        domainName: String, workspaceID: String, _ initiator: CallContact.Initiator
    ) async -> OwnershipContext? {
        guard initiator.isKnown else { return nil }
        let key = Key(domainName: domainName, initiator: initiator)
        let now = clock.nowMilliseconds
        if let answer = answers.withLock({ $0[key] }), now - answer.readAtMilliseconds < Self.freshMilliseconds {
            return answer.context
        }
        guard let answer = await ask(domainName, workspaceID, initiator) else { return nil }
        let context = OwnershipContext(answer)
        answers.withLock { answers in
            if answers.count >= Self.maximumAnswers { answers.removeAll() }
            answers[key] = Answer(context: context, readAtMilliseconds: now)
        }
        return context
    }

    private func ask(
        _ domainName: String, _ workspaceID: String, _ initiator: CallContact.Initiator
    ) async -> JSONObject? {
        // The CRM knows no ids of ours.
        if let provisioning, initiator.email != nil || initiator.phone != nil {
            let answer = await call(
                provisioning, "/auth/provision/person-ownership-context",
                [
                    ("workspaceId", workspaceID), ("email", initiator.email),
                    ("engagementInitiatorPhone", initiator.phone),
                ])
            if let answer { return answer }
        }
        guard let chatbot else { return nil }
        return await call(
            chatbot, "/stats/domains/\(PercentEncoding.encode(domainName))/crm/person-ownership-context",
            [
                ("workspaceId", workspaceID), ("externalUserId", initiator.userID), ("email", initiator.email),
                ("engagementInitiatorPhone", initiator.phone),
            ])
    }

    private func call(_ service: ServiceClient, _ path: String, _ members: [(String, String?)]) async -> JSONObject? {
        let fields = members.compactMap { member in
            member.1.map { JSONObject.Member(key: member.0, value: .string($0)) }
        }
        let body = JSONValue.object(JSONObject(members: fields)).encoded()
        do throws(ServiceError) {
            return try await service.send(ServiceRequest(.post, path, body: body)).success().json().object
        } catch {
            logger.warning("no ownership of a person", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
