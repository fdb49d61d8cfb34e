import Basics
import HTTPTypes
import Hummingbird
import Jobs
import Queue

/// `POST /v1/events`.
struct EventRoutes: Sendable {
    let intake: EventIntake
    /// What a request gets that prefers nothing.
    let durability: Durability
    let maximumBodyBytes: Int

    func add(to table: inout RouteTable) {
        table.post("/v1/events", scope: .events) { request, context in
            let key = try IdempotencyKey.of(request)
            let preference = try DurabilityPreference(request)
            let body = try await BodyReader.collectJSON(request, maximumBytes: maximumBodyBytes)
            let batch = try await intake.accept(
                body, key: key, sender: context.identity?.name ?? "", durability: preference.durability ?? durability)
            var response = JSONResponse.make(render(batch), status: .accepted)
            preference.acknowledge(batch.durability, in: &response)
            return response
        }
    }

    private func render(_ batch: EventIntake.Batch) -> [UInt8] {
        var writer = JSONWriter(capacity: 96 + batch.events.count * 96)
        writer.beginObject()
        writer.key("events")
        writer.beginArray()
        for event in batch.events {
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
        writer.string(batch.durability.rawValue)
        writer.endObject()
        return writer.bytes
    }
}
