// A view that is missing says nothing by itself. Where there is no schema `hub` there is no Hub, and nobody has settings.
// Where there is one, somebody is changing the view at this moment or has not been careful: to take that for "no settings"
// would lose the calls of all accounts without a word, and a push that counted it would be out of attempts in seconds.

import Postgres

/// What it means that one of the Hub's views cannot be asked.
enum HubViews {
    /// A relation, or a schema, that does not exist.
    private static let missing = ["42P01", "3F000"]
    /// Names, types and rights that a statement counts on and the server does not know: classes 42 and 3F of SQLSTATE.
    private static let misfits = ["42", "3F"]

    private static let look = PostgresStatement("hub_look", "SELECT to_regnamespace('hub') IS NULL AS is_absent")

    /// Whether a read failed because this database has no Hub at all. One query, only when something was missing; false
    /// while that cannot be asked.
    static func areAbsent(after error: JobsError, _ pool: PostgresPool) async -> Bool {
        guard let state = error.underlying?.sqlState, missing.contains(state) else { return false }
        do { return try await pool.query(look).first?.boolean("is_absent") ?? false } catch { return false }
    }

    /// Whether a read failed because the Hub's views are not what they should be, which is nothing that the read's caller
    /// did. Costs as ``areAbsent(after:_:)``.
    static func areBroken(after error: JobsError, _ pool: PostgresPool) async -> Bool {
        guard let state = error.underlying?.sqlState, misfits.contains(String(state.prefix(2))) else { return false }
        return await !areAbsent(after: error, pool)
    }
}
