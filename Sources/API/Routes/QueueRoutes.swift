import Hummingbird
import Operator
import Queue

/// `/v1/queues` and `/v1/workers`.
struct QueueRoutes: Sendable {
    let desk: QueueDesk

    func add(to table: inout RouteTable) {
        table.get("/v1/queues", scope: .read) { _, _ in
            try JSONResponse.encode(
                Page(items: try await answering { try await desk.queues() }))
        }
        table.get("/v1/queues/{name}", scope: .read) { _, context in
            let name = try name(context)
            return try answer(
                try await answering { try await desk.queues([name]).first }, name)
        }
        for (verb, isPaused) in [("pause", true), ("resume", false)] {
            table.post("/v1/queues/{name}/\(verb)", scope: .admin) { _, context in
                let name = try name(context)
                return try answer(
                    try await answering { try await desk.setPaused(isPaused, name) }, name)
            }
        }
        table.get("/v1/workers", scope: .read) { _, _ in
            try JSONResponse.encode(
                Page(items: try await answering { try await desk.workers() }))
        }
        table.post("/v1/workers/{name}/quiet", scope: .admin) { _, context in
            let name = try context.pathParameter("name")
            guard let worker = try await answering({ try await desk.quiet(name) }) else {
                throw Problem.notFound("no worker of this name is listed")
            }
            return try JSONResponse.encode(worker, status: .accepted)
        }
    }

    private func name(_ context: APIContext) throws(Problem) -> QueueName {
        let text = try context.pathParameter("name")
        guard let name = desk.name(text) else { throw .notFound("there is no queue '\(text.prefix(64))'") }
        return name
    }

    private func answer(_ queue: QueueResource?, _ name: QueueName) throws -> Response {
        guard let queue else { throw Problem.notFound("there is no queue '\(name)'") }
        return try JSONResponse.encode(queue)
    }
}
