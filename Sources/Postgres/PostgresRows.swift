/// The rows of one result, copied out of libpq's memory. Cheap to copy and to slice.
public struct PostgresRows: Sendable, RandomAccessCollection {
    /// Rows inserted, updated, deleted or selected; 0 for other commands.
    public let affectedRows: Int
    /// The server's command tag, such as `INSERT 0 1`.
    public let commandTag: String

    let storage: RowStorage

    init(copying result: borrowing PQResult) {
        affectedRows = result.affectedRows
        commandTag = result.commandTag
        storage = RowStorage(copying: result)
    }

    /// The columns' names in order.
    public var columns: [String] { storage.columns.map(\.name) }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// How many rows there are.
    public var endIndex: Int { storage.rowCount }

    /// The row of that number, counted from 0.
    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "no such row")
        return PostgresRow(storage: storage, index: position)
    }
}
