import Basics
import Hummingbird
import Jobs
import Queue

/// `GET /v1/jobs/{id}`.
struct JobRoutes: Sendable {
    let queue: QueueClient
    let history: FinishedStore
    let clock: any WallClock

    func add(to table: inout RouteTable) {
        table.get("/v1/jobs/{id}", scope: .read) { _, context in
            let text = try context.pathParameter("id")
            guard let id = JobID(text) else { throw Problem.notFound("no job has this id") }
            return try JSONResponse.encode(try await find(id))
        }
    }

    private func find(_ id: JobID) async throws -> JobResource {
        do throws(QueueError) {
            switch try await queue.job(id, in: JobQueue.all) {
            case .present(let view): return JobResource(view, nowMilliseconds: clock.nowMilliseconds())
            case .finished(let trace): return JobResource(trace)
            case nil: break
            }
        } catch {
            throw Problem(error)
        }
        do throws(JobsError) {
            if let finished = try await history.find(id: id.description) { return JobResource(finished) }
        } catch {
            throw Problem(error)
        }
        throw Problem.notFound("no job has this id, or its kind leaves no trace when it is done")
    }
}
