import Basics
import HTTPTypes
import Hummingbird
import Jobs
import Queue

/// `POST /rest/aventora/webhook`: the CRM's side of an engagement push.
struct ReceiverRoutes: Sendable {
    let queue: DurableQueue
    let durability: Durability
    let secret: WebhookSecret?
    let clock: any WallClock
    let maximumBodyBytes: Int

    private static let secretHeader = HTTPField.Name(PushHeaders.secretName)

    func add(to table: inout RouteTable) {
        table.post("/rest/aventora/webhook", scope: nil) { request, _ in
            try authenticate(request)
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let push: ReceivedPush
            do throws(InputError) { push = try ReceivedPush.decode(body, maximumBytes: body.count) } catch {
                throw Problem(error)
            }
            let job = NewJob(
                id: JobID(nowMilliseconds: clock.nowMilliseconds()), kind: JobKind.engagementUpsert,
                arguments: push.arguments(),
                policy: JobPolicy.internalWork)
            let reached: Durability
            do throws(QueueError) {
                reached = try await queue.enqueue([job], to: JobQueue.crm, durability: durability).durability
            } catch {
                throw Problem(error)
            }
            let answer = #"{"id":"\#(job.id)","status":"accepted","durability":"\#(reached.rawValue)"}"#
            return JSONResponse.make(Array(answer.utf8), status: .accepted)
        }
    }

    private func authenticate(_ request: Request) throws(Problem) {
        guard let secret else { return }
        guard let name = Self.secretHeader, let sent = request.headers[name], secret.matches(sent) else {
            throw .unauthorized("\(PushHeaders.secretName) is missing or wrong")
        }
    }
}
