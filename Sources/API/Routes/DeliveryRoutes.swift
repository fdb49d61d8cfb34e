import Basics
import Hummingbird
import Operator
import Queue

/// `GET /v1/deliveries` and `GET /v1/deliveries/{id}`.
struct DeliveryRoutes: Sendable {
    let desk: DeliveryDesk

    func add(to table: inout RouteTable) {
        table.get("/v1/deliveries", scope: .read) { request, _ in
            let selection = try selection(of: request)
            let page = try PageQuery(request)
            let cursor = try page.cursor.map { text throws(Problem) in
                guard let id = JobID(text) else { throw .badRequest("cursor is not one that this server gave") }
                return id
            }
            return try JSONResponse.encode(
                try await answering { try await desk.page(selection, limit: page.limit, after: cursor) })
        }
        table.get("/v1/deliveries/{id}", scope: .read) { _, context in
            guard let id = JobID(try context.pathParameter("id")),
                let delivery = try await answering({ try await desk.find(id) })
            else { throw Problem.notFound("no delivery has this id, or it is older than the log") }
            return try JSONResponse.encode(delivery)
        }
    }

    private func selection(of request: Request) throws(Problem) -> DeliverySelection {
        var selection = DeliverySelection()
        do throws(InputError) {
            for (key, value) in request.uri.queryParameters where !PageQuery.names.contains(String(key)) {
                try selection.set(String(key), String(value))
            }
        } catch {
            throw Problem(error)
        }
        return selection
    }
}
