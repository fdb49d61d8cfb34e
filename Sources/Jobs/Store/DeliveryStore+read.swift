import Postgres

extension DeliveryStore {
    /// Attempts that are shown of one delivery at most, the newest.
    public static let maximumShownAttempts = 200

    /// One page of deliveries, the newest first, by the time at which they were asked for. New ones come in at the front, so
    /// that pages neither repeat nor pass over what was there. Throws `storage`.
    ///
    /// - Parameter cursor: the id of the last one of the page before.
    public func page(
        _ filter: DeliveryFilter, below cursor: String? = nil, count: Int
    ) async throws(JobsError) -> [RecordedDelivery] {
        // Postgres holds no NUL, so neither does any row.
        guard !filter.fields.values.contains(where: { $0.utf8.contains(0) }) else { return [] }
        do {
            let (statement, values) = filter.statement(below: cursor, count: count)
            return try await pool.query(statement, values).map { try RecordedDelivery($0) }
        } catch {
            throw JobsError.wrap(error, "Deliveries could not be read")
        }
    }

    /// A delivery; nil when the log has none of this id. Throws `storage`.
    public func find(_ id: String) async throws(JobsError) -> RecordedDelivery? {
        do {
            return try await pool.query(Self.select, [.text(id)]).first.map { try RecordedDelivery($0) }
        } catch {
            throw JobsError.wrap(error, "A delivery could not be read")
        }
    }

    /// The attempts at a delivery, in order; of more than `count` the newest. Throws `storage`.
    public func attempts(
        at id: String, count: Int = maximumShownAttempts
    ) async throws(JobsError) -> [RecordedAttempt] {
        do {
            let rows = try await pool.query(Self.selectAttempts, [.text(id), .integer(Int64(count))])
            return try rows.map { try RecordedAttempt($0) }.reversed()
        } catch {
            throw JobsError.wrap(error, "Attempts could not be read")
        }
    }

    /// What it takes to send a delivered one again: its job's arguments; nil when the log has them not. Throws `storage`.
    public func payload(of id: String) async throws(JobsError) -> [UInt8]? {
        do {
            return try await pool.query(Self.selectPayload, [.text(id)]).first?.optionalBytes("payload")
        } catch {
            throw JobsError.wrap(error, "A delivery's payload could not be read")
        }
    }

    static let select = PostgresStatement(
        "deliveries_select", "SELECT \(RecordedDelivery.columns) FROM jobs.deliveries WHERE id = $1")
    static let selectAttempts = PostgresStatement(
        "attempts_select",
        """
        SELECT \(RecordedAttempt.columns) FROM jobs.attempts WHERE delivery_id = $1 ORDER BY fence DESC LIMIT $2
        """)
    private static let selectPayload = PostgresStatement(
        "deliveries_payload", "SELECT payload FROM jobs.deliveries WHERE id = $1")
}
