/// One open transaction, as the body of ``PostgresPool/transaction(_:)`` sees it. After the body has returned, its
/// methods throw ``PostgresError/Code/closed``. Statements of concurrent tasks run one after the other.
public final class PostgresTransaction: Sendable {
    private let connection: PostgresConnection
    private let token: UInt64

    init(connection: PostgresConnection, token: UInt64) {
        self.connection = connection
        self.token = token
    }

    /// Runs a statement within the transaction; see ``PostgresPool/query(_:_:)``. After a failure the server refuses
    /// every further statement, so let the error leave the body.
    public func query(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue] = [],
    ) async throws(PostgresError) -> PostgresRows {
        try await connection.query(statement, parameters, in: token)
    }

    /// Runs a script within the transaction. It must not end the transaction.
    public func execute(_ sql: String) async throws(PostgresError) {
        try await connection.execute(sql, in: token)
    }
}
