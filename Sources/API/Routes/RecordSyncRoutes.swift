import Hummingbird
import Jobs
import Operator

/// `/v1/crm/config` and `/v1/crm/test`.
struct RecordSyncRoutes: Sendable {
    let desk: RecordSyncDesk
    let maximumBodyBytes: Int

    func add(to table: inout RouteTable) {
        table.get("/v1/crm/config", scope: .read) { _, _ in
            try JSONResponse.encode(try await wish { try await desk.show() })
        }
        table.put("/v1/crm/config", scope: .admin) { request, context in
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let name = context.identity?.name ?? ""
            return try JSONResponse.encode(try await wish { try await desk.replace(body, by: name) })
        }
        // It calls out, wherever the settings or the body say.
        table.post("/v1/crm/test", scope: .admin) { request, _ in
            let body = try await BodyReader.collect(request, maximumBytes: maximumBodyBytes)
            if !body.isEmpty { try ContentType.requireJSON(request) }
            return try JSONResponse.encode(try await wish { try await desk.test(body) })
        }
    }

    private func wish<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await answering(body)
        } catch let error as SecretsError {
            throw Problem.unavailable(
                "the key cannot be kept or read: \(error.message)", retryAfterSeconds: Problem.retryAfterSeconds)
        }
    }
}
