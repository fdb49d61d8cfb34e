import Hummingbird
import Operator
import Queue

/// `/v1/schedules`.
struct ScheduleRoutes: Sendable {
    let desk: ScheduleDesk

    private static let standardLimit = 50
    private static let limits = 1...200

    func add(to table: inout RouteTable) {
        table.get("/v1/schedules", scope: .read) { request, _ in
            let times = try times(request)
            return try JSONResponse.encode(
                Page(items: try await answering { try await desk.schedules(times: times) }))
        }
        table.get("/v1/schedules/{name}", scope: .read) { request, context in
            let (scheduled, times) = (try scheduled(context), try times(request))
            return try answer(
                try await answering { try await desk.schedules([scheduled], times: times).first })
        }
        table.get("/v1/schedules/{name}/ticks", scope: .read) { request, context in
            let scheduled = try scheduled(context)
            let limit = try number(request, "limit", in: Self.limits) ?? Self.standardLimit
            let before = try number(request, "cursor", in: 0...Int(Int32.max) * 1_000).map { Int64($0) }
            return try JSONResponse.encode(
                try await answering { try await desk.ticks(of: scheduled, beforeMilliseconds: before, count: limit) })
        }
        table.post("/v1/schedules/{name}/run", scope: .admin) { _, context in
            let scheduled = try scheduled(context)
            let id = try await answering { try await desk.run(scheduled) }
            return try JSONResponse.encode(["id": id.description], status: .accepted)
        }
        for (verb, isPaused) in [("pause", true), ("resume", false)] {
            table.post("/v1/schedules/{name}/\(verb)", scope: .admin) { _, context in
                let scheduled = try scheduled(context)
                return try answer(
                    try await answering { try await desk.setPaused(isPaused, scheduled) })
            }
        }
    }

    private func scheduled(_ context: APIContext) throws(Problem) -> ScheduledJob {
        let name = try context.pathParameter("name")
        guard let scheduled = desk.named(name) else { throw .notFound("there is no schedule '\(name.prefix(64))'") }
        return scheduled
    }

    private func times(_ request: Request) throws(Problem) -> Int {
        try number(request, "times", in: ScheduleDesk.times) ?? ScheduleDesk.standardTimes
    }

    private func number(_ request: Request, _ key: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = request.uri.queryParameters[Substring(key)] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .badRequest("\(key) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func answer(_ schedule: ScheduleResource?) throws -> Response {
        guard let schedule else { throw Problem.notFound("there is no such schedule") }
        return try JSONResponse.encode(schedule)
    }
}
