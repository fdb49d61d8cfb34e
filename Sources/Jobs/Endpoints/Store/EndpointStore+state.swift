// What deliveries say of an endpoint. Written rarely: at a failure for good, at the first success after one, and at what
// becomes of a parked endpoint.

import Postgres

extension EndpointStore {
    /// Deliveries in a row that fail for good until an endpoint is parked.
    public static let failuresUntilParked = 6
    /// How long a parked endpoint is left alone before one event is tried, in ms; each time in vain twice as long.
    public static let probeMilliseconds: Int64 = 60_000
    /// The longest of these, in ms.
    public static let longestProbeMilliseconds: Int64 = 3_600_000

    /// Counts a delivery that failed for good; parks the endpoint at the last of ``failuresUntilParked``. True when this
    /// call parked it. Throws `storage`.
    func noteFailure(id: String, reason: String, probeMilliseconds: Int64) async throws(JobsError) -> Bool {
        try await changes(
            Self.countFailure,
            [.text(id), .integer(Int64(Self.failuresUntilParked)), .text(reason), .integer(probeMilliseconds)])
    }

    /// Parks an endpoint now; false when it is parked already, or gone. Throws `storage`.
    func park(id: String, reason: String, probeMilliseconds: Int64) async throws(JobsError) -> Bool {
        try await changes(Self.park, [.text(id), .text(reason), .integer(probeMilliseconds)])
    }

    /// Takes the right to try one event at a parked endpoint, and puts the next time off; false when another has it, or
    /// when its time has not come. Throws `storage`.
    func beginProbe(id: String, probeMilliseconds: Int64) async throws(JobsError) -> Bool {
        let longest = max(probeMilliseconds, Self.longestProbeMilliseconds)
        return try await changes(
            Self.probe, [.text(id), .integer(probeMilliseconds), .integer(longest)])
    }

    /// Forgets failures and lets out what is parked; false when there was nothing of either. Throws `storage`.
    func noteSuccess(id: String) async throws(JobsError) -> Bool {
        try await changes(Self.releaseReturning, [.text(id)])
    }

    /// Nothing that had waited is left. Throws `storage`.
    func endRelease(id: String) async throws(JobsError) -> Bool {
        try await changes(Self.endRelease, [.text(id)])
    }

    /// Switches a parked endpoint off for which more waits than may: it gets no more events until somebody switches it
    /// on; what waits goes on waiting. Throws `storage`.
    func switchOff(id: String, reason: String) async throws(JobsError) -> Bool {
        try await changes(Self.switchOff, [.text(id), .text(reason)])
    }

    private func changes(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(JobsError) -> Bool {
        do {
            return try await pool.query(statement, values).first?.boolean("changed") ?? false
        } catch {
            throw JobsError.wrap(error, "The state of an endpoint could not be written")
        }
    }

    private static let countFailure = PostgresStatement(
        "endpoint_failure",
        """
        UPDATE jobs.endpoints SET
            failures_in_a_row = failures_in_a_row + 1,
            parked_at = CASE WHEN failures_in_a_row + 1 >= $2 THEN clock_timestamp() END,
            parked_reason = CASE WHEN failures_in_a_row + 1 >= $2
                THEN (failures_in_a_row + 1) || ' deliveries in a row failed; the last: ' || $3 END,
            probe_at = CASE WHEN failures_in_a_row + 1 >= $2
                THEN clock_timestamp() + $4::bigint * interval '1 millisecond' END,
            probes = 0
        WHERE id = $1 AND parked_at IS NULL
        RETURNING parked_at IS NOT NULL AS changed
        """)
    private static let park = PostgresStatement(
        "endpoint_park",
        """
        UPDATE jobs.endpoints SET
            failures_in_a_row = failures_in_a_row + 1, parked_at = clock_timestamp(), parked_reason = $2,
            probe_at = clock_timestamp() + $3::bigint * interval '1 millisecond', probes = 0
        WHERE id = $1 AND parked_at IS NULL
        RETURNING true AS changed
        """)
    private static let probe = PostgresStatement(
        "endpoint_probe",
        """
        UPDATE jobs.endpoints SET
            probes = probes + 1,
            probe_at = clock_timestamp()
                + least($2::bigint * power(2, least(probes + 1, 20)), $3::bigint) * interval '1 millisecond'
        WHERE id = $1 AND probe_at <= clock_timestamp()
        RETURNING true AS changed
        """)
    private static let endRelease = PostgresStatement(
        "endpoint_released",
        """
        UPDATE jobs.endpoints SET releasing_at = NULL WHERE id = $1 AND releasing_at IS NOT NULL
        RETURNING true AS changed
        """)
    private static let switchOff = PostgresStatement(
        "endpoint_off",
        """
        UPDATE jobs.endpoints SET
            enabled = false, parked_reason = parked_reason || '; ' || $2, updated_at = clock_timestamp()
        WHERE id = $1 AND parked_at IS NOT NULL AND enabled
        RETURNING true AS changed
        """)
    private static let releaseReturning = PostgresStatement(
        "endpoint_success",
        """
        UPDATE jobs.endpoints SET
            releasing_at = CASE WHEN parked_at IS NULL THEN releasing_at ELSE clock_timestamp() END,
            failures_in_a_row = 0, parked_at = NULL, parked_reason = NULL, probe_at = NULL, probes = 0
        WHERE id = $1 AND (parked_at IS NOT NULL OR failures_in_a_row > 0)
        RETURNING true AS changed
        """)
}
