import Basics
import HTTPTypes
import Hummingbird
import Jobs
import Operator
import Queue

/// `/rest/aventora/start-engagement`, `cancel-engagement`, `bulk-engagement`, and `/v1/engagements`.
struct EngagementRoutes: Sendable {
    let desk: EngagementDesk
    let maximumBodyBytes: Int

    func add(to table: inout RouteTable) {
        table.post("/rest/aventora/start-engagement", scope: .jobs) { request, context in
            let (body, receipt) = try await posted(request, context, "engagement start")
            return Self.answer(try await wish { try await desk.start(body, receipt: receipt) }, .accepted)
        }
        table.post("/rest/aventora/bulk-engagement", scope: .jobs) { request, context in
            let (body, receipt) = try await posted(request, context, "engagement bulk")
            return Self.answer(try await wish { try await desk.bulk(body, receipt: receipt) }, .accepted)
        }
        table.post("/rest/aventora/cancel-engagement", scope: .jobs) { request, _ in
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            return Self.answer(try await wish { try await desk.cancel(body) }, .accepted)
        }
        table.get("/v1/engagements/{id}", scope: .read) { _, context in
            let id = try context.pathParameter("id")
            guard EngagementStart.isID(id) else { throw Self.unknown }
            return Self.answer(try known(try await wish { try await desk.find(id) }))
        }
        table.get("/v1/engagements/bulk/{id}", scope: .read) { _, context in
            let id = try context.pathParameter("id")
            guard EngagementBulk.isID(id) else { throw Self.unknown }
            return Self.answer(try known(try await wish { try await desk.findBulk(id) }))
        }
        table.delete("/v1/engagements/bulk/{id}", scope: .jobs) { _, context in
            let id = try context.pathParameter("id")
            guard EngagementBulk.isID(id) else { throw Self.unknown }
            return Self.answer(try known(try await wish { try await desk.cancelBulk(id) }))
        }
        addSettings(to: &table)
    }

    private func addSettings(to table: inout RouteTable) {
        let path = "/v1/engagements/settings/{workspace_id}"
        table.get(path, scope: .read) { _, context in
            let id = try workspaceID(context)
            return Self.answer(try known(try await wish { try await desk.settings(of: id) }))
        }
        table.put(path, scope: .admin) { request, context in
            let id = try workspaceID(context)
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            return Self.answer(try await wish { try await desk.settle(id, body) })
        }
        table.delete(path, scope: .admin) { _, context in
            let id = try workspaceID(context)
            guard try await wish({ try await desk.unsettle(id) }) else { throw Self.unknown }
            return JSONResponse.noContent()
        }
    }

    private static let unknown = Problem.notFound("there is none of this id")

    private static func answer(_ object: JSONObject, _ status: HTTPResponse.Status = .ok) -> Response {
        JSONResponse.make(JSONValue.object(object).encoded(), status: status)
    }

    private func known<Value>(_ value: Value?) throws(Problem) -> Value {
        guard let value else { throw Self.unknown }
        return value
    }

    private func workspaceID(_ context: APIContext) throws(Problem) -> String {
        let id = try context.pathParameter("workspace_id")
        guard (1...255).contains(id.unicodeScalars.count), !id.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            throw .badRequest("a workspace's id is 1 to 255 characters")
        }
        return id
    }

    /// A body, and the promise of its `Idempotency-Key`.
    private func posted(
        _ request: Request, _ context: APIContext, _ what: String
    ) async throws -> ([UInt8], Receipt?) {
        let key = try IdempotencyKey.of(request)
        let sender = context.identity?.name ?? ""
        let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
        let receipt = key.map {
            Receipt(key: RequestDigest.of(what, sender, $0), digest: RequestDigest.of(body))
        }
        return (body, receipt)
    }

    private func wish<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await answering(body)
        } catch let refusal as EngagementRefusal {
            throw Problem(refusal)
        } catch let refusal as EngagementDesk.Refusal {
            switch refusal {
            case .unknown(let reason): throw Problem.notFound(reason)
            case .conflict(let reason): throw Problem.conflict(reason)
            }
        } catch let failure as PersonLookupFailure {
            guard case .bury = failure.outcome else {
                throw Problem.unavailable(
                    "the CRM cannot be asked about the person now", retryAfterSeconds: Problem.retryAfterSeconds)
            }
            throw Problem.conflict("the CRM refuses to be asked about the person: see the settings of the CRM")
        } catch let error as SecretsError {
            throw Problem.unavailable(error.message, retryAfterSeconds: Problem.retryAfterSeconds)
        }
    }
}

extension Problem {
    /// A wish for an engagement that is not granted.
    fileprivate init(_ refusal: EngagementRefusal) {
        switch refusal.reason {
        case .notConfigured, .switchedOff: self = .forbidden(refusal.message)
        case .active: self = .conflict(refusal.message)
        default:
            let fields = refusal.field.map { [Field(pointer: "/\($0)", detail: refusal.message)] }
            self = .unprocessable(fields ?? [], detail: refusal.message)
        }
    }
}
