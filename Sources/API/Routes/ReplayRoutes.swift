import Hummingbird
import Jobs
import Operator
import Queue

/// `/v1/replays`, and `POST /v1/deliveries/{id}/replay`.
struct ReplayRoutes: Sendable {
    let desk: ReplayDesk
    let maximumBodyBytes: Int

    func add(to table: inout RouteTable) {
        table.post("/v1/deliveries/{id}/replay", scope: .admin) { request, context in
            let key = try IdempotencyKey.of(request)
            guard let id = JobID(try context.pathParameter("id")) else { throw Self.unknownDelivery }
            let sender = context.identity?.name ?? ""
            let receipt = key.map { RequestDigest.of("replay", sender, $0) }
            return try JSONResponse.encode(
                try await wish { try await desk.replay(id, receipt: receipt) }, status: .accepted)
        }
        table.post("/v1/replays", scope: .admin) { request, _ in
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let replay = try await wish { try ReplayRequest.decode(body) }
            if replay.isDryRun { return try JSONResponse.encode(try await wish { try await desk.count(replay) }) }
            return try JSONResponse.encode(try await wish { try await desk.start(replay) }, status: .accepted)
        }
        table.get("/v1/replays", scope: .read) { request, _ in
            let page = try PageQuery(request)
            if let cursor = page.cursor, !Replay.isID(cursor) {
                throw Problem.badRequest("cursor is not one that this server gave")
            }
            return try JSONResponse.encode(
                try await answering { try await desk.page(limit: page.limit, after: page.cursor) })
        }
        one(.get, "", &table) { try await desk.find($0) }
        one(.delete, "", &table) { try await desk.cancel($0) }
        one(.post, "/pause", &table) { try await desk.pause($0) }
        one(.post, "/resume", &table) { try await desk.resume($0) }
    }

    private enum Verb { case get, post, delete }

    /// A route about one replay, which answers how it stands then.
    private func one(
        _ verb: Verb, _ path: String, _ table: inout RouteTable,
        _ body: @escaping @Sendable (String) async throws -> ReplayResource?
    ) {
        let handler: RouteTable.Handler = { _, context in
            let id = try context.pathParameter("id")
            guard Replay.isID(id), let replay = try await wish({ try await body(id) }) else {
                throw Problem.notFound("no replay has this id")
            }
            return try JSONResponse.encode(replay)
        }
        let path = "/v1/replays/{id}" + path
        switch verb {
        case .get: table.get(path, scope: .read, handler)
        case .post: table.post(path, scope: .admin, handler)
        case .delete: table.delete(path, scope: .admin, handler)
        }
    }

    private static let unknownDelivery = Problem.notFound("no delivery has this id, or it is older than the log")

    private func wish<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await answering(body)
        } catch let refusal as ReplayDesk.Refusal {
            switch refusal {
            case .conflict(let reason): throw Problem.conflict(reason)
            case .gone(let reason): throw Problem.gone(reason)
            case .unknown: throw Self.unknownDelivery
            case .tooLarge:
                throw Problem.unprocessable(
                    [], detail: "the range has more than \(Replay.maximumCount) deliveries; narrow it")
            case .full:
                throw Problem.conflict(
                    "\(Replay.maximumUnderWay) replays are running or paused, as many as may be at a time")
            case .otherKey: throw Problem.conflict("the Idempotency-Key was used for another delivery")
            }
        }
    }
}
