public import Postgres
import Queue

/// The attempt log, in `jobs.deliveries` and `jobs.attempts`.
public struct DeliveryStore: Sendable {
    /// Most rows of one statement; a longer batch takes several.
    public static let maximumRows = 500

    let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Writes attempts, and how their deliveries stand. An attempt that is known already stays as it is, and one that is older
    /// than the newest changes nothing of its delivery, so the order does not matter and doing it again is harmless.
    ///
    /// One statement for each ``maximumRows``; a day whose partitions are missing costs two more. Throws `storage`.
    public func record(_ attempts: [DeliveryAttempt]) async throws(JobsError) {
        // In one order everywhere, so that no two writers wait for each other.
        let sorted = attempts.indices.sorted { left, right in
            (attempts[left].delivery.id, attempts[left].fence) < (attempts[right].delivery.id, attempts[right].fence)
        }
        var start = 0
        while start < sorted.count {
            let end = min(start + Self.maximumRows, sorted.count)
            let part = sorted[start..<end]
            let parameters = Self.parameters(attempts, part)
            do {
                do {
                    _ = try await pool.query(Self.insert, parameters)
                } catch let error where error.isMissingPartition {
                    for day in Self.days(of: part.map { attempts[$0].delivery.id }) {
                        _ = try await pool.query(Self.makePartitions, [.text(day), .integer(1)])
                    }
                    _ = try await pool.query(Self.insert, parameters)
                }
            } catch {
                throw JobsError.wrap(error, "Attempts could not be recorded")
            }
            start = end
        }
    }

    /// Takes over how jobs ended that ended without an attempt: cancelled, or buried because their workers died. Of those
    /// jobs the history has the end. Doing it again is harmless. Throws `storage`.
    public func conclude(_ ids: [String]) async throws(JobsError) {
        guard !ids.isEmpty else { return }
        do {
            _ = try await pool.query(Self.conclude, [.texts(ids.sorted())])
        } catch {
            throw JobsError.wrap(error, "Deliveries could not be concluded")
        }
    }

    /// The days of some rows, UTC, each once.
    private static func days(of ids: [String]) -> [String] {
        Set(ids.map { LogDay(of: $0).text }).sorted()
    }

    /// - Parameter order: which of them, sorted by delivery, then by fence; not empty. Numbers, since a row is long to copy.
    private static func parameters(_ attempts: [DeliveryAttempt], _ order: ArraySlice<Int>) -> [PostgresValue] {
        let name = DeliveryAttempt.maximumNameBytes
        func all<Value>(_ value: (DeliveryAttempt) -> Value) -> [Value] { order.map { value(attempts[$0]) } }
        func texts(_ maximumBytes: Int, _ value: (DeliveryAttempt) -> String?) -> PostgresValue {
            .texts(all { value($0).map { StorableText.make($0, maximumBytes: maximumBytes) } })
        }
        func integers(_ value: (DeliveryAttempt) -> Int64?) -> PostgresValue { .integers(all(value)) }
        let ids = all(\.delivery.id)
        return [
            .texts(ids), integers(\.fence), integers { $0.number.map(Int64.init) },
            texts(name, \.outcome.rawValue), texts(name, \.worker), .instants(all(\.fence)),
            .instants(all(\.startedAtMilliseconds)), .instants(all(\.retryAtMilliseconds)),
            integers { $0.exchange?.status.map(Int64.init) }, texts(name, \.errorCode),
            texts(DeliveryAttempt.maximumErrorBytes, \.error), integers(\.prepareMicroseconds),
            integers(\.limiterMicroseconds), integers { $0.exchange?.times.dns ?? 0 },
            integers { $0.exchange?.times.connect ?? 0 }, integers { $0.exchange?.times.tls ?? 0 },
            integers { $0.exchange?.times.firstByte ?? 0 }, integers { $0.exchange?.times.body ?? 0 },
            integers { $0.exchange?.times.total ?? 0 }, texts(name, \.exchange?.address),
            integers { $0.exchange?.isReused.map { $0 ? 1 : 0 } },
            texts(DeliveryAttempt.maximumHeadBytes, \.exchange?.requestHead),
            texts(DeliveryAttempt.maximumHeadBytes, \.exchange?.responseHead),
            .byteStrings(all { $0.exchange?.status == nil ? nil : $0.exchange?.responseBody }),
            integers { $0.exchange?.isCut == true ? 1 : 0 },
            // Of several rows of one delivery, which stand together, the last says how it stands.
            .integers(zip(ids, ids.dropFirst()).map { $0 == $1 ? 0 : 1 } + [1]),
            texts(name, \.state.rawValue), texts(name, \.delivery.target), texts(name, \.delivery.endpointID),
            texts(name, \.delivery.webhookID), texts(name, \.delivery.eventID), texts(name, \.delivery.eventType),
            texts(name, \.delivery.deliveryType), texts(name, \.delivery.domainName),
            texts(name, \.delivery.engagementID), texts(name, \.delivery.callSID), texts(name, \.delivery.replayOf),
            integers { Int64($0.spent) }, .byteStrings(all(\.payload)),
            texts(DeliveryAttempt.maximumEventsBytes, { $0.delivery.events?.joined(separator: " ") }),
            integers { $0.delivery.eventCount.map(Int64.init) },
            texts(name, \.delivery.replayID),
        ]
    }

    private static let insert = PostgresStatement(
        "attempts_insert",
        """
        WITH row AS MATERIALIZED (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41,
                $42) AS row
                (id, fence, number, outcome, worker, claimed_at, started_at, retry_at, status, error_code, error,
                prepare_us, limiter_us, dns_us, connect_us, tls_us, first_byte_us, body_us, total_us, address, is_reused,
                request_head, response_head, response_body, is_cut, is_last, state, target, endpoint_id, webhook_id,
                event_id, event_type, delivery_type, domain_name, engagement_id, call_sid, replay_of, attempts, payload,
                events, event_count, replay_id)
        ), attempt AS (
            INSERT INTO jobs.attempts
                (delivery_id, fence, number, outcome, worker, claimed_at, started_at, retry_at, status, error_code, error,
                prepare_us, limiter_us, dns_us, connect_us, tls_us, first_byte_us, body_us, total_us, address, is_reused,
                request_head, response_head, response_body, is_cut)
            SELECT id, fence, number, outcome, worker, claimed_at, started_at, retry_at, status, error_code, error,
                prepare_us, limiter_us, dns_us, connect_us, tls_us, first_byte_us, body_us, total_us, address,
                is_reused = 1, request_head, response_head, response_body, is_cut = 1
            FROM row
            ON CONFLICT DO NOTHING
        )
        INSERT INTO jobs.deliveries AS d
            (id, fence, state, target, endpoint_id, webhook_id, event_id, event_type, delivery_type, domain_name,
            engagement_id, call_sid, replay_of, attempts, attempted_at, retry_at, status, error, payload, events, event_count,
            replay_id)
        SELECT id, fence, state, target, endpoint_id, webhook_id, event_id, event_type, delivery_type, domain_name,
            engagement_id, call_sid, replay_of, attempts, started_at, retry_at, status, error, payload, events, event_count,
            replay_id
        FROM row WHERE is_last = 1
        ON CONFLICT (id) DO UPDATE SET
            fence = EXCLUDED.fence, state = EXCLUDED.state, attempts = EXCLUDED.attempts,
            attempted_at = EXCLUDED.attempted_at, retry_at = EXCLUDED.retry_at, status = EXCLUDED.status,
            error = EXCLUDED.error, payload = coalesce(EXCLUDED.payload, d.payload),
            events = coalesce(EXCLUDED.events, d.events), event_count = coalesce(EXCLUDED.event_count, d.event_count)
        WHERE d.fence < EXCLUDED.fence
        """)

    // A job may be sent to work again after its end; its next attempt then has a fence beyond that end, by the same clock.
    private static let conclude = PostgresStatement(
        "deliveries_conclude",
        """
        UPDATE jobs.deliveries AS d SET
            state = CASE f.state WHEN 'done' THEN 'delivered' WHEN 'dead' THEN 'failed' ELSE 'cancelled' END,
            error = CASE f.state WHEN 'done' THEN NULL ELSE coalesce(f.error, f.note, d.error) END, retry_at = NULL
        FROM jobs.finished AS f
        WHERE d.id = ANY($1) AND f.id = d.id AND d.state IN ('pending', 'retrying')
            AND d.fence <= (extract(epoch FROM f.finished_at) * 1000)::bigint + 1000
        """)

    static let makePartitions = PostgresStatement(
        "log_partitions_make", "SELECT jobs.make_log_partitions($1::date, $2::integer) AS made")
}

extension PostgresError {
    /// Whether a row found no partition. The code is that of a violated CHECK, but then the constraint has a name.
    var isMissingPartition: Bool { sqlState == "23514" && constraint == nil }

    /// Whether the server refuses a value, so that the same row can never be written.
    var isRefusedValue: Bool {
        guard code == .server, let sqlState, !isMissingPartition else { return false }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("23") || sqlState.hasPrefix("54")
    }
}
