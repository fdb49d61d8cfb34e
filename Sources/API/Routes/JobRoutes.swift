import Basics
import Hummingbird
import Jobs
import Queue

/// `GET /v1/jobs/{id}`.
struct JobRoutes: Sendable {
    let queue: QueueClient
    let history: FinishedStore
    let outbox: OutboxStore
    let clock: any WallClock

    func add(to table: inout RouteTable) {
        table.get("/v1/jobs/{id}", scope: .read) { _, context in
            let text = try context.pathParameter("id")
            guard let id = JobID(text) else { throw Problem.notFound("no job has this id") }
            return try JSONResponse.encode(try await find(id))
        }
    }

    private func find(_ id: JobID) async throws(Problem) -> JobResource {
        var id = id
        // A row of the outbox may say that another job runs in its place; and a job may leave the outbox between two looks.
        for _ in 0..<3 {
            let inRedis: Result<FoundJob?, QueueError>
            do throws(QueueError) {
                inRedis = .success(try await queue.job(id, in: JobQueue.all))
            } catch {
                inRedis = .failure(error)
            }
            switch inRedis {
            case .success(.present(let view)): return JobResource(view, nowMilliseconds: clock.nowMilliseconds())
            case .success(.finished(let trace)): return JobResource(trace)
            case .success(nil), .failure: break
            }
            let row: OutboxJob?
            do throws(JobsError) {
                if let finished = try await history.find(id: id.description) { return JobResource(finished) }
                row = try await outbox.find(id: id)
            } catch {
                throw Problem(error)
            }
            if let row, !row.isRelayed, !row.isEnded {
                return JobResource(row, isRedisAway: inRedis.isFailure, nowMilliseconds: clock.nowMilliseconds())
            }
            if case .failure(let error) = inRedis { throw Problem(error) }
            guard let row else { break }
            if let carrier = row.carriedBy.flatMap({ JobID($0) }) { id = carrier }
        }
        throw .notFound("no job has this id, or its kind leaves no trace when it is done")
    }
}

extension Result {
    fileprivate var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}
