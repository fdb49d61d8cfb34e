public import Postgres

/// `crm.cockpit_run`: what rules did with a lead's signals.
public struct CockpitStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// A signal about a lead, and the rule that answers it.
    struct Occasion: Sendable, Hashable {
        let signalID: String
        let signal: String
        let scope: EngagementStart.Scope
        let personID: String
        let rule: CockpitRule
    }

    /// What a rule did.
    enum Run: Sendable, Hashable {
        case executed(start: String)
        /// It was held back, or the person cannot be engaged.
        case skipped(reason: String)
    }

    static let cooldown = "cooldown"
    static let dailyMaximum = "daily_maximum"

    private static let dayMilliseconds: Int64 = 86_400_000

    /// What a rule did on this occasion before; nil when it is new. Throws `storage`.
    func find(_ occasion: Occasion) async throws(JobsError) -> Run? {
        do { return try await pool.query(Self.select, Self.key(occasion)).first.map(Self.run) } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    /// Notes that a rule could not engage the person. Throws `storage`.
    func skip(_ occasion: Occasion, reason: String, nowMilliseconds: Int64) async throws(JobsError) -> Run {
        do {
            return try await note(occasion, .skipped(reason: reason), nowMilliseconds) { try await pool.query($0, $1) }
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    /// Reserves the person unless the rule's cooldown or the lead's daily maximum forbids it: decided, reserved and noted
    /// in one transaction, one at a time for a lead. Throws `storage`.
    func execute(
        _ occasion: Occasion, _ start: StartStore.NewStart, in starts: StartStore
    ) async throws(JobsError) -> Run {
        let now = start.nowMilliseconds
        do {
            return try await pool.transaction { transaction in
                let query: (PostgresStatement, [PostgresValue]) async throws -> PostgresRows = {
                    try await transaction.query($0, $1)
                }
                let lead: [PostgresValue] = [.text(occasion.scope.text), .text(occasion.personID)]
                _ = try await query(Self.lock, lead)
                if let row = try await query(Self.select, Self.key(occasion)).first { return try Self.run(row) }
                let values =
                    lead + [
                        .text(occasion.rule.key),
                        .instant(milliseconds: now - occasion.rule.cooldownSeconds * 1_000),
                        .instant(milliseconds: now - (now % Self.dayMilliseconds)),
                    ]
                let counts = try await query(Self.count, values)[0]
                if occasion.rule.cooldownSeconds > 0, try counts.integer("lately") > 0 {
                    return try await note(occasion, .skipped(reason: Self.cooldown), now, query)
                }
                if try counts.integer("today") >= occasion.rule.dailyMaximum {
                    return try await note(occasion, .skipped(reason: Self.dailyMaximum), now, query)
                }
                guard try await starts.insert(start, query) != nil else {
                    let reason = EngagementRefusal.Reason.active.rawValue
                    return try await note(occasion, .skipped(reason: reason), now, query)
                }
                return try await note(occasion, .executed(start: start.id), now, query)
            }
        } catch let error as PostgresError where error.sqlState == StartStore.uniqueViolation {
            return try await skip(occasion, reason: EngagementRefusal.Reason.active.rawValue, nowMilliseconds: now)
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    private func note(
        _ occasion: Occasion, _ run: Run, _ now: Int64,
        _ query: (PostgresStatement, [PostgresValue]) async throws -> PostgresRows
    ) async throws -> Run {
        let (start, reason): (PostgresValue, PostgresValue) =
            switch run {
            case .executed(let start): (.text(start), .null)
            case .skipped(let reason): (.null, .text(reason))
            }
        let values = Self.key(occasion) + [.text(occasion.signal), start, reason, .instant(milliseconds: now)]
        let rows = try await query(Self.insert, values)
        if !rows.isEmpty { return run }
        // Another run of the same job was faster.
        guard let row = try await query(Self.select, Self.key(occasion)).first else { return run }
        return try Self.run(row)
    }

    private static let complaint = "A run of the cockpit could not be read or written"

    private static func key(_ occasion: Occasion) -> [PostgresValue] {
        [
            .text(occasion.scope.text), .text(occasion.personID), .text(occasion.signalID), .text(occasion.rule.key),
        ]
    }

    private static func run(_ row: PostgresRow) throws -> Run {
        if let start = try row.optionalString("start_id") { return .executed(start: start) }
        return .skipped(reason: try row.optionalString("reason") ?? "unknown")
    }

    private static let lock = PostgresStatement(
        "cockpit_lock", "SELECT pg_advisory_xact_lock(hashtextextended('cockpit ' || $1::text || ' ' || $2::text, 0))")
    private static let select = PostgresStatement(
        "cockpit_run",
        """
        SELECT start_id, reason FROM crm.cockpit_run
        WHERE scope = $1 AND person_id = $2 AND signal_id = $3 AND rule = $4
        """)
    private static let count = PostgresStatement(
        "cockpit_count",
        """
        SELECT count(*) FILTER (WHERE rule = $3 AND at > $4) AS lately, count(*) FILTER (WHERE at >= $5) AS today
        FROM crm.cockpit_run
        WHERE scope = $1 AND person_id = $2 AND is_executed AND at >= least($4, $5)
        """)
    private static let insert = PostgresStatement(
        "cockpit_insert",
        """
        INSERT INTO crm.cockpit_run (scope, person_id, signal_id, rule, signal, start_id, reason, at, is_executed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6::text IS NOT NULL)
        ON CONFLICT DO NOTHING RETURNING rule
        """)
}
