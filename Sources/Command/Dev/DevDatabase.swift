/// What dev asks of the database.
public protocol DevDatabase: Sendable {
    /// Brings the schema up to date; harmless when it is.
    func migrate(databaseURL: String) async throws

    /// Whether the schema exists.
    func hasSchema(_ name: String, databaseURL: String) async throws -> Bool

    /// Runs several statements, all or none.
    func apply(sql: String, databaseURL: String) async throws

    /// The status that the receiver's table has for an engagement; nil without a row.
    func engagementStatus(id: String, databaseURL: String) async throws -> String?
}

/// The database through `psql`; the migrations are somebody else's.
public struct PsqlDatabase: DevDatabase {
    private let migration: @Sendable (_ databaseURL: String) async throws -> Void

    /// - Parameter migration: brings the schema of the database at this URL up to date.
    public init(migration: @escaping @Sendable (_ databaseURL: String) async throws -> Void) {
        self.migration = migration
    }

    public func migrate(databaseURL: String) async throws { try await migration(databaseURL) }

    public func hasSchema(_ name: String, databaseURL: String) async throws -> Bool {
        let sql = "select 'found' from pg_namespace where nspname = \(Self.literal(name))"
        return try await session(databaseURL).run(sql).contains("found")
    }

    public func apply(sql: String, databaseURL: String) async throws {
        _ = try await session(databaseURL).run(sql, inOneTransaction: true)
    }

    public func engagementStatus(id: String, databaseURL: String) async throws -> String? {
        let sql = "select 'status=' || status from crm.aventora_engagement where engagement_id = \(Self.literal(id))"
        let lines = try await session(databaseURL).run(sql).split(separator: "\n")
        return lines.first { $0.hasPrefix("status=") }.map { String($0.dropFirst(7)) }
    }

    private func session(_ databaseURL: String) throws(CommandError) -> PsqlSession {
        PsqlSession(client: try PostgresBinaries.find(major: nil).client, databaseURL: databaseURL)
    }

    private static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
