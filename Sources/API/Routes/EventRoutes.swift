import Basics
import HTTPTypes
import Hummingbird
import Jobs
import Queue

/// `POST /v1/events`.
struct EventRoutes: Sendable {
    let intake: EventIntake
    let maximumBodyBytes: Int

    private static let prefer = HTTPField.Name("Prefer")

    func add(to table: inout RouteTable) {
        table.post("/v1/events", scope: .events) { request, context in
            let key = try IdempotencyKey.of(request)
            try checkDurability(of: request)
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let accepted = try await intake.accept(body, key: key, sender: context.identity?.name ?? "")
            return JSONResponse.make(render(accepted), status: .accepted)
        }
    }

    /// `Prefer: durability=…` asks for a receipt; one that cannot be given is refused, not ignored.
    private func checkDurability(of request: Request) throws(Problem) {
        guard let name = Self.prefer else { return }
        for preference in request.headers[values: name].flatMap({ $0.split(separator: ",") }) {
            let parts = preference.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " && $0 != "\"" } }
            guard parts.count == 2, parts[0].lowercased() == "durability" else { continue }
            guard parts[1] == "queued" else {
                throw .unprocessable([], detail: "Prefer: durability=queued is the only one that this release keeps")
            }
        }
    }

    private func render(_ accepted: [EventIntake.Accepted]) -> [UInt8] {
        var writer = JSONWriter(capacity: 96 + accepted.count * 96)
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for event in accepted {
            writer.beginObject()
            writer.key("id")
            writer.string(event.id)
            writer.key("duplicate")
            writer.bool(event.isDuplicate)
            writer.key("jobs")
            writer.beginArray()
            for job in event.jobs { writer.string(job.description) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.key("durability")
        writer.string("queued")
        writer.endObject()
        return writer.bytes
    }
}
