import Basics
import Postgres
import Queue

/// Rows of endpoints, each repeated for each of its secrets, as values.
enum EndpointRows {
    /// - Parameter rows: by endpoint, and its secrets newest first.
    static func endpoints(_ rows: PostgresRows) throws -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for row in rows {
            let id = try row.string("id")
            if endpoints.last?.id != id { endpoints.append(try endpoint(id, row)) }
            guard let keyID = try row.optionalString("key_id") else { continue }
            let last = endpoints.count - 1
            endpoints[last] = endpoints[last].adding(
                Endpoint.StoredSecret(
                    sealed: SealedSecret(keyID: keyID, bytes: try row.bytes("sealed")),
                    createdAtMilliseconds: try row.instantMilliseconds("secret_created_at"),
                    expiresAtMilliseconds: try row.optionalInstantMilliseconds("expires_at")))
        }
        return endpoints
    }

    /// A JSON array of strings.
    static func list(_ texts: [String]) -> [UInt8] { JSONValue.array(texts.map { .string($0) }).encoded() }

    private static func endpoint(_ id: String, _ row: PostgresRow) throws -> Endpoint {
        var settings = EndpointSettings(
            url: try wanted(WebhookURL(stored: try row.string("url")), id, "url"),
            operations: try texts("operations", row, id).map { try wanted(EventPattern($0), id, "operations") })
        settings.note = try row.optionalString("description")
        settings.format = try wanted(PayloadFormat(rawValue: try row.string("format")), id, "format")
        settings.signing = try wanted(SigningScheme(rawValue: try row.string("signing")), id, "signing")
        settings.retry = EndpointRetry(policy: try wanted(RetryPolicy(try row.string("retry")), id, "retry"))
        settings.maximumInFlight = Int(try row.integer("max_in_flight"))
        settings.ratePerSecond = try row.optionalDouble("rate_per_second")
        settings.headerNames = try texts("header_names", row, id)
        settings.tlsParts = try texts("tls_parts", row, id)
        settings.filter = try filter(row, id)
        settings.order = try row.optionalString("order_by").map {
            try wanted(EndpointOrder(rawValue: $0), id, "order_by")
        }
        settings.isEnabled = try row.boolean("enabled")
        return Endpoint(
            id: id, settings: settings, secrets: [],
            sealedExtras: try row.optionalString("extras_key_id").map {
                SealedSecret(keyID: $0, bytes: try row.bytes("extras_sealed"))
            },
            parking: try parking(row), isReleasing: try !row.isNull("releasing_at"),
            failuresInARow: Int(try row.integer("failures_in_a_row")),
            createdAtMilliseconds: try row.instantMilliseconds("created_at"),
            updatedAtMilliseconds: try row.instantMilliseconds("updated_at"))
    }

    private static func parking(_ row: PostgresRow) throws -> Endpoint.Parking? {
        guard let since = try row.optionalInstantMilliseconds("parked_at") else { return nil }
        return Endpoint.Parking(
            sinceMilliseconds: since, reason: try row.string("parked_reason"),
            probeAtMilliseconds: try row.instantMilliseconds("probe_at"), probes: Int(try row.integer("probes")))
    }

    private static func filter(_ row: PostgresRow, _ id: String) throws -> EndpointFilter {
        let object = try wanted(JSONParser.parse(try row.json("filter")).object, id, "filter")
        return EndpointFilter(
            objects: (object["objects"]?.array ?? []).compactMap(\.string),
            conditions: try (object["conditions"]?.object?.members ?? []).map {
                try wanted(FieldCondition(path: $0.key, value: $0.value), id, "filter")
            })
    }

    private static func texts(_ column: String, _ row: PostgresRow, _ id: String) throws -> [String] {
        try wanted(JSONParser.parse(try row.json(column)).array, id, column).compactMap(\.string)
    }

    /// What another release wrote, or somebody by hand, may be beyond this one.
    private static func wanted<Value>(_ value: Value?, _ id: String, _ column: String) throws -> Value {
        guard let value else { throw JobsError(.unexpectedData, "the \(column) of the endpoint \(id) cannot be read") }
        return value
    }
}

extension WebhookURL {
    fileprivate init?(stored text: String) {
        do { try self.init(text) } catch { return nil }
    }
}
