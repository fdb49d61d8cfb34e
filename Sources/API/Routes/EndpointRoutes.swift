import Basics
import HTTPTypes
import Hummingbird
import Jobs
import Operator
import Queue

/// `/v1/endpoints`.
struct EndpointRoutes: Sendable {
    let desk: EndpointDesk
    let maximumBodyBytes: Int

    func add(to table: inout RouteTable) {
        addLooks(to: &table)
        table.post("/v1/endpoints", scope: .admin) { request, _ in
            let isDryRun = try isDryRun(request)
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let endpoint = try await wish { try await desk.create(body, isDryRun: isDryRun) }
            return try secretly(JSONResponse.encode(endpoint, status: isDryRun ? .ok : .created))
        }
        table.patch("/v1/endpoints/{id}", scope: .admin) { request, context in
            let (id, isDryRun) = (try context.pathParameter("id"), try isDryRun(request))
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let endpoint = try await wish { try await desk.change(id, body, isDryRun: isDryRun) }
            return try secretly(JSONResponse.encode(try known(endpoint)))
        }
        table.delete("/v1/endpoints/{id}", scope: .admin) { _, context in
            let id = try context.pathParameter("id")
            guard try await wish({ try await desk.delete(id) }) else { throw Self.unknown }
            return JSONResponse.noContent()
        }
        table.post("/v1/endpoints/{id}/rotate-secret", scope: .admin) { request, context in
            let id = try context.pathParameter("id")
            let body = try await BodyReader.collect(request, maximumBytes: maximumBodyBytes)
            if !body.isEmpty { try ContentType.requireJSON(request) }
            let endpoint = try await wish { try await desk.rotate(id, try SecretRotation(body)) }
            return try secretly(JSONResponse.encode(try known(endpoint)))
        }
        table.post("/v1/endpoints/{id}/enable", scope: .admin) { _, context in
            let id = try context.pathParameter("id")
            return try JSONResponse.encode(try known(try await wish { try await desk.enable(id) }))
        }
        table.post("/v1/endpoints/{id}/test", scope: .admin) { _, context in
            let id = try context.pathParameter("id")
            return try JSONResponse.encode(try known(try await wish { try await desk.test(id) }), status: .accepted)
        }
    }

    private func addLooks(to table: inout RouteTable) {
        table.get("/v1/endpoints", scope: .read) { request, _ in
            let page = try PageQuery(request)
            return try JSONResponse.encode(
                try await answering { try await desk.page(after: page.cursor, limit: page.limit) })
        }
        table.get("/v1/endpoints/{id}", scope: .read) { _, context in
            let id = try context.pathParameter("id")
            return try JSONResponse.encode(try known(try await answering { try await desk.find(id) }))
        }
        table.get("/v1/endpoints/{id}/stats", scope: .read) { _, context in
            let id = try context.pathParameter("id")
            return try JSONResponse.encode(try known(try await answering { try await desk.stats(id) }))
        }
    }

    private static let unknown = Problem.notFound("no endpoint has this id")

    private func known<Value>(_ value: Value?) throws(Problem) -> Value {
        guard let value else { throw Self.unknown }
        return value
    }

    /// An answer that may hold a secret is kept by nobody on its way.
    private func secretly(_ response: Response) -> Response {
        var response = response
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func isDryRun(_ request: Request) throws(Problem) -> Bool {
        switch request.uri.queryParameters["dry_run"] {
        case nil, "false": false
        case "true": true
        default: throw .badRequest("dry_run is true or false")
        }
    }

    private func wish<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await answering(body)
        } catch let refusal as EndpointDesk.Refusal {
            switch refusal {
            case .conflict(let reason): throw Problem.conflict(reason)
            case .full:
                throw Problem.conflict("there are as many endpoints as there may be: \(EndpointStore.maximumEndpoints)")
            }
        } catch let error as SecretsError {
            throw Problem.unavailable(
                "secrets cannot be kept: \(error.message)", retryAfterSeconds: Problem.retryAfterSeconds)
        }
    }
}
