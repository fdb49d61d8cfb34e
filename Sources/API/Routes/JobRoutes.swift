import Basics
import HTTPTypes
import Hummingbird
import Jobs
import Operator
import Queue

/// `/v1/jobs` and `/v1/kinds`.
struct JobRoutes: Sendable {
    let desk: JobDesk
    let submitter: JobSubmitter
    let catalogue: KindCatalogue
    /// What a request gets that prefers nothing.
    let durability: Durability
    let clock: any WallClock
    let maximumBodyBytes: Int

    func add(to table: inout RouteTable) {
        table.post("/v1/jobs", scope: .jobs) { request, context in
            let key = try IdempotencyKey.of(request)
            let preference = try DurabilityPreference(request)
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let (job, reached) = try await submit(
                body, key: key, sender: context.identity?.name ?? "", preference.durability ?? durability)
            var response = try JSONResponse.encode(job, status: .accepted)
            preference.acknowledge(reached, in: &response)
            return response
        }
        table.get("/v1/jobs/{id}", scope: .read) { _, context in
            let id = try id(context)
            guard let job = try await answering({ try await desk.find(id) }) else { throw Self.unknown }
            return try JSONResponse.encode(job)
        }
        table.delete("/v1/jobs/{id}", scope: .jobs) { _, context in
            let (id, name) = (try id(context), context.identity?.name ?? "somebody")
            return try answer(try await answering { try await desk.cancel(id, by: name) }, done: .ok)
        }
        table.post("/v1/jobs/{id}/retry", scope: .jobs) { _, context in
            let id = try id(context)
            return try answer(try await answering { try await desk.retry(id) }, done: .accepted)
        }
        let kinds = catalogue.page
        table.get("/v1/kinds", scope: .read) { _, _ in JSONResponse.make(kinds) }
    }

    private static let unknown = Problem.notFound(
        "no job has this id, or its kind leaves no trace when it is done")

    private func id(_ context: APIContext) throws(Problem) -> JobID {
        guard let id = JobID(try context.pathParameter("id")) else { throw .notFound("no job has this id") }
        return id
    }

    private func answer(_ answer: JobDesk.Answer, done: HTTPResponse.Status) throws -> Response {
        switch answer {
        case .done(let job): return try JSONResponse.encode(job, status: done)
        case .requested(let job): return try JSONResponse.encode(job, status: .accepted)
        case .impossible(_, let reason): throw Problem.conflict(reason)
        case .notYet(let job):
            throw Problem.unavailable(job.why, retryAfterSeconds: Problem.retryAfterSeconds)
        case .unknown: throw Self.unknown
        }
    }

    /// - Parameter sender: the name of the token; one sender's keys say nothing about another's.
    private func submit(
        _ body: [UInt8], key: String?, sender: String, _ durability: Durability
    ) async throws -> (AcceptedJob, Durability) {
        let request: JobRequest
        do throws(InputError) {
            request = try JobRequest.decode(body, catalogue: catalogue, nowMilliseconds: clock.nowMilliseconds())
        } catch {
            throw Problem(error)
        }
        let receipt = key.map { Receipt(key: RequestDigest.of("job", sender, $0), digest: RequestDigest.of(body)) }
        switch try await answering({ try await submitter.submit(request, receipt: receipt, durability: durability) }) {
        case .accepted(let job, let reached): return (job, reached)
        case .conflict: throw Problem.conflict("the Idempotency-Key was used with another body")
        case .full: throw Problem.queueFull()
        }
    }
}
