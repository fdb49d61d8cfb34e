import Basics
import Hummingbird
import Operator
import Queue

/// `GET /v1/dead`, `POST /v1/dead/retry` and `DELETE /v1/dead`.
struct DeadRoutes: Sendable {
    let desk: DeadDesk
    let maximumBodyBytes: Int

    func add(to table: inout RouteTable) {
        table.get("/v1/dead", scope: .read) { request, _ in
            let selection = try selection(of: request)
            let page = try PageQuery(request)
            guard let cursor = page.cursor.map({ DeadCursor($0) }) ?? DeadCursor() else {
                throw Problem.badRequest("cursor is not one that this server gave")
            }
            return try JSONResponse.encode(
                try await answering {
                    try await desk.page(selection, limit: page.limit, from: cursor)
                })
        }
        table.post("/v1/dead/retry", scope: .admin) { request, _ in
            let selection = try await selectionWithBody(of: request)
            let count = try await answering { try await desk.retry(selection) }
            return try JSONResponse.encode(DeadCount(count: count))
        }
        table.delete("/v1/dead", scope: .admin) { request, _ in
            let selection = try await selectionWithBody(of: request)
            let count = try await answering { try await desk.delete(selection) }
            return try JSONResponse.encode(DeadCount(count: count))
        }
    }

    private func selection(of request: Request) throws(Problem) -> DeadSelection {
        var selection = DeadSelection()
        do throws(InputError) {
            for (key, value) in request.uri.queryParameters where !PageQuery.names.contains(String(key)) {
                try selection.set(String(key), String(value))
            }
        } catch {
            throw Problem(error)
        }
        return selection
    }

    private func selectionWithBody(of request: Request) async throws(Problem) -> DeadSelection {
        var selection = try selection(of: request)
        let body = try await BodyReader.collect(request, maximumBytes: maximumBodyBytes)
        guard !body.isEmpty else { return selection }
        try ContentType.requireJSON(request)
        do throws(InputError) { try selection.read(body) } catch { throw Problem(error) }
        return selection
    }
}
