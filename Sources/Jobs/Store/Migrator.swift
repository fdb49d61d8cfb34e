// Several processes may migrate at once: each step runs in a transaction of its own that first takes one advisory lock,
// then looks whether the step is recorded. Whoever comes second finds it done.

public import Postgres

/// Brings the database to this release's schema.
public struct Migrator: Sendable {
    /// The advisory lock of all migrators: "aj-migr" in ASCII.
    static let lockKey: Int64 = 0x61_6A_2D_6D_69_67_72

    private let pool: PostgresPool
    private let migrations: [Migration]

    /// A migrator over a pool. Precondition: versions count from 1 without gaps.
    public init(pool: PostgresPool, migrations: [Migration] = Migration.all) {
        precondition(migrations.enumerated().allSatisfy { $0.element.version == Int64($0.offset) + 1 })
        self.pool = pool
        self.migrations = migrations
    }

    /// Applies what is missing, in order, and returns the versions that this call applied; empty when up to date.
    ///
    /// Throws `migrationChanged` when an applied step is not the one of this release. A database that is ahead (a newer
    /// release migrated it) is left alone. A failing step leaves all earlier ones applied and nothing of itself.
    public func run() async throws(JobsError) -> [Int64] {
        do {
            try await pool.transaction { transaction in
                _ = try await transaction.query(Self.lock, [.integer(Self.lockKey)])
                try await transaction.execute(Self.bookkeeping)
            }
            var applied: [Int64] = []
            for migration in migrations {
                let isNew = try await pool.transaction { try await Self.apply(migration, $0) }
                if isNew { applied.append(migration.version) }
            }
            return applied
        } catch {
            throw JobsError.wrap(error, "The database could not be migrated")
        }
    }

    /// The versions of this release that are not applied yet, without applying them. Throws like `run`.
    public func pending() async throws(JobsError) -> [Int64] {
        do {
            guard try await pool.query(Self.exists).first?.boolean("exists") == true else {
                return migrations.map(\.version)
            }
            var pending: [Int64] = []
            for migration in migrations {
                let rows = try await pool.query(Self.find, [.integer(migration.version), .text(migration.sql)])
                if try !Self.isApplied(migration, rows) { pending.append(migration.version) }
            }
            return pending
        } catch {
            throw JobsError.wrap(error, "The state of the migrations could not be read")
        }
    }

    /// Fails until the schema is there; for readiness checks.
    public static let schemaCheck = PostgresStatement("migrate_check", "SELECT 1 FROM jobs.migrations LIMIT 1")

    private static func apply(_ migration: Migration, _ transaction: PostgresTransaction) async throws -> Bool {
        _ = try await transaction.query(lock, [.integer(lockKey)])
        let rows = try await transaction.query(find, [.integer(migration.version), .text(migration.sql)])
        if try isApplied(migration, rows) { return false }
        try await transaction.execute(migration.sql)
        let values: [PostgresValue] = [.integer(migration.version), .text(migration.name), .text(migration.sql)]
        _ = try await transaction.query(record, values)
        return true
    }

    private static func isApplied(_ migration: Migration, _ rows: PostgresRows) throws -> Bool {
        guard let row = rows.first else { return false }
        guard try row.boolean("is_same") else {
            let name = "\(migration.version)_\(migration.name)"
            throw JobsError(.migrationChanged, "Migration \(name) was applied with other contents")
        }
        return true
    }

    private static let bookkeeping = """
        CREATE SCHEMA IF NOT EXISTS jobs;
        CREATE TABLE IF NOT EXISTS jobs.migrations (
            version bigint PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        """
    private static let lock = PostgresStatement("migrate_lock", "SELECT pg_advisory_xact_lock($1)")
    private static let exists = PostgresStatement(
        "migrate_exists", "SELECT to_regclass('jobs.migrations') IS NOT NULL AS exists")
    private static let find = PostgresStatement(
        "migrate_find",
        """
        SELECT checksum = encode(sha256(convert_to($2::text, 'UTF8')), 'hex') AS is_same
        FROM jobs.migrations WHERE version = $1
        """)
    private static let record = PostgresStatement(
        "migrate_record",
        """
        INSERT INTO jobs.migrations (version, name, checksum)
        VALUES ($1, $2, encode(sha256(convert_to($3::text, 'UTF8')), 'hex'))
        """)
}
