import Postgres
import Queue

/// What became of the deliveries that a replay sent.
public struct ReplayOutcomes: Sendable, Hashable {
    /// By how they stand. Those at which no attempt was made yet are in none.
    public internal(set) var states: [DeliveryState: Int64] = [:]

    /// None.
    public init() {}

    /// The number of one state.
    public subscript(state: DeliveryState) -> Int64 { states[state] ?? 0 }
}

extension ReplayStore {
    /// What became of some replays' deliveries, by the index of replays; those without deliveries are left out. Throws
    /// `storage`.
    public func outcomes(of ids: [String]) async throws(JobsError) -> [String: ReplayOutcomes] {
        guard !ids.isEmpty else { return [:] }
        do {
            var outcomes: [String: ReplayOutcomes] = [:]
            for row in try await pool.query(Self.outcomes, [.texts(ids)]) {
                guard let state = DeliveryState(rawValue: try row.string("state")) else { continue }
                outcomes[try row.string("replay_id"), default: ReplayOutcomes()].states[state] =
                    try row.integer("number")
            }
            return outcomes
        } catch {
            throw JobsError.wrap(error, "A replay's deliveries could not be counted")
        }
    }

    /// Deliveries of a replay at which another attempt is to come, in order, behind one. Throws `storage`.
    func waiting(of id: String, after cursor: String, count: Int) async throws(JobsError) -> [JobID] {
        do {
            let values: [PostgresValue] = [.text(id), .text(cursor), .integer(Int64(count))]
            return try await pool.query(Self.waiting, values).compactMap { JobID(try $0.string("id")) }
        } catch {
            throw JobsError.wrap(error, "A replay's deliveries could not be read")
        }
    }

    static let outcomes = PostgresStatement(
        "replays_outcomes",
        """
        SELECT replay_id, state, count(*) AS number FROM jobs.deliveries WHERE replay_id = ANY($1) GROUP BY replay_id, state
        """)
    static let waiting = PostgresStatement(
        "replays_waiting",
        """
        SELECT id FROM jobs.deliveries WHERE replay_id = $1 AND state IN ('pending', 'retrying') AND id > $2
        ORDER BY id LIMIT $3
        """)
}
