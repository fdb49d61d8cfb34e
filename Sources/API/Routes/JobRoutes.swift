import Hummingbird
import Jobs
import Operator
import Queue

/// `/v1/jobs/{id}` and `/v1/kinds`.
struct JobRoutes: Sendable {
    let desk: JobDesk
    let catalogue: KindCatalogue

    func add(to table: inout RouteTable) {
        table.get("/v1/jobs/{id}", scope: .read) { _, context in
            let id = try id(context)
            guard let job = try await answering({ try await desk.find(id) }) else {
                throw Problem.notFound("no job has this id, or its kind leaves no trace when it is done")
            }
            return try JSONResponse.encode(job)
        }
        let kinds = catalogue.page
        table.get("/v1/kinds", scope: .read) { _, _ in JSONResponse.make(kinds) }
    }

    private func id(_ context: APIContext) throws(Problem) -> JobID {
        guard let id = JobID(try context.pathParameter("id")) else { throw .notFound("no job has this id") }
        return id
    }
}
