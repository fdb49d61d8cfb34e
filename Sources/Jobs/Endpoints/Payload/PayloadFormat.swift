import Basics

/// The form of a delivery's body. The raw value is the name on the wire.
public enum PayloadFormat: String, Sendable, Hashable, CaseIterable {
    /// `id, workspaceId, webhookId, operation, timestamp, record, previousRecord`
    case record
    /// `id, event, timestamp, workspaceId, data{object, id, attributes, previousAttributes}`
    case event
    /// The event as posted.
    case raw

    /// The body: the same bytes for the same event and endpoint. Cost: one pass over the event.
    func body(of event: EndpointEvent, endpointID: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 1_024)
        switch self {
        case .raw:
            writer.value(.object(event.source))
        case .record:
            writer.beginObject()
            write("id", event.id, &writer)
            write("workspaceId", event.workspaceID, &writer)
            write("webhookId", endpointID, &writer)
            write("operation", event.type, &writer)
            write("timestamp", event.at.iso8601, &writer)
            writer.key("record")
            writer.value(.object(event.record))
            write("previousRecord", event.previous ?? (event.isRemoval ? event.record : nil), &writer)
            writer.endObject()
        case .event:
            writer.beginObject()
            write("id", event.id, &writer)
            write("event", event.type, &writer)
            write("timestamp", event.at.iso8601, &writer)
            write("workspaceId", event.workspaceID, &writer)
            writer.key("data")
            writeData(event, &writer)
            writer.endObject()
        }
        return writer.bytes
    }

    private func writeData(_ event: EndpointEvent, _ writer: inout JSONWriter) {
        let record = event.record
        writer.beginObject()
        write("object", event.object, &writer)
        writer.key("id")
        writer.value(record["id"] ?? .null)
        write("attributes", event.isRemoval ? nil : record, &writer)
        write(
            "previousAttributes",
            event.isRemoval ? event.previous ?? record : event.previous.map { Self.changes(from: $0, to: record) },
            &writer)
        writer.endObject()
    }

    /// The old values of the fields that changed; null where there was none.
    private static func changes(from previous: JSONObject, to record: JSONObject) -> JSONObject {
        let changed = previous.members.filter { record[$0.key] != $0.value }
        let new = record.members.filter { previous[$0.key] == nil && !$0.value.isNull }
        return JSONObject(members: changed + new.map { .init(key: $0.key, value: .null) })
    }

    private func write(_ key: String, _ text: String?, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.string(text)
    }

    private func write(_ key: String, _ object: JSONObject?, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.value(object.map { .object($0) } ?? .null)
    }
}
