/// A named SQL statement with `$1`-style parameters, prepared on first use on each connection.
public struct PostgresStatement: Sendable {
    /// What the statement is called on the server.
    public let name: String
    /// The statement's text.
    public let sql: String

    /// - Parameters:
    ///   - name: 1 to 50 bytes; within a pool, one name goes with one text.
    ///   - sql: exactly one SQL statement.
    public init(_ name: String, _ sql: String) {
        precondition((1...50).contains(name.utf8.count), "a statement's name has 1 to 50 bytes")
        self.name = name
        self.sql = sql
    }
}
