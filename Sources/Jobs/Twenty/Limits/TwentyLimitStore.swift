// One row for a workspace, one call of `jobs.twenty_take` for a call of Twenty: the row's lock makes the callers of all
// processes stand in line, and the server's clock, read under that lock, is the only one that counts.
//
// `next_us` is when the next call would come if all were evenly spaced; it may lie ahead of now by the lead, which is the
// rest that an idle workspace has gathered. Whoever may not go is given a place in a line of return times instead, so
// that a thousand jobs that wait do not come back all at once.

public import Postgres

/// The state of the limits of all workspaces, in `jobs.twenty_limits`.
public struct TwentyLimitStore: Sendable {
    /// What a caller is told.
    public enum Grant: Sendable, Hashable {
        /// Go, in so many ms: the place is taken.
        case go(inMilliseconds: Int64)
        /// No place is taken; come back in so many ms.
        case wait(milliseconds: Int64)
    }

    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Asks for one call. Costs one round trip.
    ///
    /// - Parameters:
    ///   - bucket: which workspace, at most 200 bytes.
    ///   - nowMilliseconds: of a test; nil is the server's clock.
    public func take(
        _ bucket: String, _ limits: TwentyLimits, nowMilliseconds: Int64? = nil
    ) async throws(JobsError) -> Grant {
        do {
            let values: [PostgresValue] = [
                .text(bucket), nowMilliseconds.map { .integer($0 * 1_000) } ?? .null,
                .integer(limits.intervalMicroseconds), .integer(limits.leadMicroseconds),
                .integer(limits.patienceMilliseconds * 1_000),
            ]
            guard let row = try await pool.query(Self.take, values).first else {
                throw JobsError(.unexpectedData, "The limit answered nothing")
            }
            // Rounded up: a call that goes a part of a millisecond early is early.
            let milliseconds = (try row.integer("wait_us") + 999) / 1_000
            return try row.boolean("goes") ? .go(inMilliseconds: milliseconds) : .wait(milliseconds: milliseconds)
        } catch {
            throw JobsError.wrap(error, "The limit of a workspace could not be asked")
        }
    }

    /// Lets nobody call for so long, because Twenty said so. A longer hold stays.
    public func hold(
        _ bucket: String, milliseconds: Int64, nowMilliseconds: Int64? = nil
    ) async throws(JobsError) {
        do {
            _ = try await pool.query(
                Self.hold,
                [
                    .text(bucket), nowMilliseconds.map { .integer($0 * 1_000) } ?? .null,
                    .integer(milliseconds * 1_000),
                ])
        } catch {
            throw JobsError.wrap(error, "The limit of a workspace could not be held")
        }
    }

    /// How long a hold still lasts, in ms; 0 without one.
    public func held(_ bucket: String, nowMilliseconds: Int64? = nil) async throws(JobsError) -> Int64 {
        do {
            let values: [PostgresValue] = [
                .text(bucket), nowMilliseconds.map { .integer($0 * 1_000) } ?? .null,
            ]
            return try await pool.query(Self.held, values).first?.integer("held_ms") ?? 0
        } catch {
            throw JobsError.wrap(error, "The limit of a workspace could not be read")
        }
    }

    private static let take = PostgresStatement(
        "twenty_limit_take", "SELECT goes, wait_us FROM jobs.twenty_take($1::text, $2::bigint, $3, $4, $5)")

    private static let hold = PostgresStatement(
        "twenty_limit_hold",
        """
        INSERT INTO jobs.twenty_limits AS l (bucket, held_us)
        VALUES ($1::text, COALESCE($2::bigint, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) + $3)
        ON CONFLICT (bucket) DO UPDATE SET held_us = GREATEST(l.held_us, EXCLUDED.held_us)
        """)

    private static let held = PostgresStatement(
        "twenty_limit_held",
        """
        SELECT GREATEST(0, (held_us - COALESCE($2::bigint, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
            + 999) / 1000) AS held_ms
        FROM jobs.twenty_limits WHERE bucket = $1::text
        """)
}
