import Basics
import Logging
import Queue

extension ReplayHandler {
    /// What is known of `replay.run` jobs.
    public static let description = KindDescription(
        name: JobKind.replayRun,
        summary: "Works through a replay, batch by batch. The job that a replay names does; any other ends at once.",
        queue: JobQueue.upkeep,
        retry: JobPolicy.internalWork,
        leavesTrace: false,
        arguments: .object([.required("replay", .name, "The replay's id.")], allowsOthers: false))

    /// What is to be sent of a batch, and what is not.
    struct Plan {
        var jobs: [NewJob] = []
        var skipped: [Replay.Skip: Int] = [:]
    }

    func plan(_ replay: Replay, _ snapshot: EndpointSnapshot) async throws -> Plan {
        let candidates = try await store.batch(of: replay)
        let ids = candidates.filter { $0.standing == .buried }.compactMap { JobID($0.delivery.id) }
        let buried = try await queue.buriedEnvelopes(of: ids, in: JobQueue.webhooks)
        var snapshot = snapshot
        if candidates.contains(where: { $0.delivery.endpointID.map { snapshot[id: $0] == nil } ?? false }) {
            // One may be newer than what this process knows.
            await endpoints.refresh()
            snapshot = await endpoints.snapshot() ?? snapshot
        }
        var plan = Plan()
        for candidate in candidates {
            let arguments: [UInt8]?
            switch candidate.standing {
            case .ready: arguments = candidate.payload
            case .buried: arguments = JobID(candidate.delivery.id).flatMap { buried[$0] }?.arguments
            case .skipped(let skip):
                plan.skipped[skip, default: 0] += 1
                continue
            }
            guard let arguments else {
                plan.skipped[.payloadGone, default: 0] += 1
                continue
            }
            do throws(ReplayedJob.Refusal) {
                plan.jobs.append(
                    try ReplayedJob.make(
                        candidate.delivery, arguments: arguments, lane: replay.lane,
                        endpoint: candidate.delivery.endpointID.flatMap { snapshot[id: $0] }, pushRetry: pushRetry,
                        nowMilliseconds: clock.nowMilliseconds()))
            } catch {
                plan.skipped[error.skip, default: 0] += 1
                logger.debug(
                    "a delivery is not sent again",
                    metadata: ["delivery": "\(candidate.delivery.id)", "reason": "\(error.reason)"])
            }
        }
        return plan
    }
}
