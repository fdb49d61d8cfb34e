// Twenty does not send again what we refuse, so nothing is refused that can be kept. The request is read, judged, understood as
// far as a job for it can be named, and enqueued; whose it is and who wants it, a worker finds out.

import Basics
import HTTPTypes
import Hummingbird
import Jobs
import Logging
import Queue

/// `POST /webhooks/twenty`, and `GET /v1/inbound`, what came of them.
struct TwentyRoutes: Sendable {
    let queue: DurableQueue
    let durability: Durability
    let verifier: InboundVerifier
    let store: InboundStore
    let counts: InboundCounts
    let clock: any WallClock
    let maximumBodyBytes: Int
    let logger: Logger

    private static let shownDays = 30

    func add(to table: inout RouteTable) {
        table.post("/webhooks/twenty", scope: nil) { request, _ in
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let now = clock.nowMilliseconds()
            let pass = try verify(request, body, now)
            let reading: InboundReading
            do throws(InputError) { reading = try InboundReading.read(body, nowMilliseconds: now) } catch {
                counts.add("malformed")
                throw Problem(error)
            }
            switch reading {
            case .ignored(let reason):
                counts.add(reason.rawValue)
                return answer("ignored", [("reason", reason.rawValue)])
            case .change(let change):
                if pass.scheme == .body, try await isOld(pass) {
                    counts.add("duplicate")
                    return answer("duplicate")
                }
                return try await take(change, pass, now)
            }
        }
        table.get("/v1/inbound", scope: .read) { _, _ in
            let items = try await answering { try await store.counts(days: Self.shownDays) }
            return JSONResponse.make(render(items), status: .ok)
        }
    }

    private func verify(_ request: Request, _ body: [UInt8], _ now: Int64) throws(Problem) -> InboundVerifier.Pass {
        do throws(InboundVerifier.Refusal) {
            return try verifier.verify(
                headers: request.headers.map { ($0.name.rawName, $0.value) }, body: body, nowMilliseconds: now)
        } catch {
            counts.add("refused_\(error.rawValue)")
            logger.info("a webhook was refused", metadata: ["reason": "\(error.rawValue)"])
            throw Problem(.unauthorized, detail: WebhookVerifier.publicDetail)
        }
    }

    /// A receipt would know a copy for a day only, and nothing in such a request says how old it is.
    private func isOld(_ pass: InboundVerifier.Pass) async throws(Problem) -> Bool {
        do throws(JobsError) { return try await store.isOldBody(pass.name) } catch {
            throw .unavailable("copies cannot be told apart now", retryAfterSeconds: Problem.retryAfterSeconds)
        }
    }

    /// Two receipts, written in the step that enqueues: one knows a copy of this request, the other the same change told
    /// in another request. Their content is their key, so nothing can conflict.
    private func take(
        _ change: InboundChange, _ pass: InboundVerifier.Pass, _ now: Int64
    ) async throws(Problem) -> Response {
        let job = InboundHandler.job(change, nowMilliseconds: now)
        let group = Submission.Group(receipt: Self.receipt("twenty-change", change.key), jobs: [job])
        let submission = Submission(receipt: Self.receipt("twenty-request", pass.name), groups: [group])
        let outcome: DurableQueue.Outcome
        do throws(QueueError) {
            FaultPoint.reach(.apiBeforeEnqueue)
            outcome = try await queue.submit(submission, to: JobQueue.webhooks, durability: durability)
            FaultPoint.reach(.apiAfterEnqueue)
        } catch {
            counts.add("unavailable")
            throw Problem(error)
        }
        switch outcome.result {
        case .full:
            counts.add("unavailable")
            throw .queueFull()
        case .conflict:
            counts.add("duplicate")
            return answer("duplicate")
        case .accepted(let groups):
            let isDuplicate = groups.allSatisfy(\.isDuplicate)
            counts.add(isDuplicate ? "duplicate" : "accepted")
            return answer(
                isDuplicate ? "duplicate" : "accepted",
                [("id", groups.first?.ids.first?.description), ("durability", outcome.durability.rawValue)])
        }
    }

    private static func receipt(_ kind: String, _ name: String) -> Receipt {
        Receipt(key: RequestDigest.of(kind, name), digest: "1")
    }

    private func answer(_ status: String, _ members: [(String, String?)] = []) -> Response {
        var writer = JSONWriter(capacity: 96)
        writer.beginObject()
        writer.key("status")
        writer.string(status)
        for (key, value) in members {
            guard let value else { continue }
            writer.key(key)
            writer.string(value)
        }
        writer.endObject()
        return JSONResponse.make(writer.bytes, status: .accepted)
    }

    private func render(_ items: [InboundCount]) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + items.count * 64)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for item in items {
            writer.beginObject()
            writer.key("count")
            writer.integer(item.count)
            writer.key("day")
            writer.string(item.day)
            writer.key("result")
            writer.string(item.result)
            writer.endObject()
        }
        writer.endArray()
        writer.key("next_cursor")
        writer.null()
        writer.endObject()
        return writer.bytes
    }
}
