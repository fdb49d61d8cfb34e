/// The cells of one result as text in one flat buffer.
final class RowStorage: Sendable {
    struct Column: Sendable {
        let name: String
        let type: UInt32
    }

    /// Where a cell's text lies; a negative start is NULL.
    private struct Cell: Sendable {
        let start: Int
        let count: Int
    }

    let columns: [Column]
    let rowCount: Int
    private let indexByName: [String: Int]
    private let cells: [Cell]
    private let bytes: [UInt8]

    init(copying result: borrowing PQResult) {
        var columns: [Column] = []
        for column in 0..<result.columnCount {
            columns.append(Column(name: result.columnName(column), type: result.columnType(column)))
        }
        var cells: [Cell] = []
        cells.reserveCapacity(result.rowCount * columns.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(result.rowCount == 0 ? 0 : result.memorySize)
        for row in 0..<result.rowCount {
            for column in columns.indices {
                let start = bytes.count
                let isPresent = result.appendCell(row: row, column: column, to: &bytes)
                cells.append(Cell(start: isPresent ? start : -1, count: bytes.count - start))
            }
        }
        self.columns = columns
        rowCount = result.rowCount
        // The first of several columns of one name, as `psql` users expect.
        indexByName = Dictionary(columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
        self.cells = cells
        self.bytes = bytes
    }

    func column(named name: String) -> Int? { indexByName[name] }

    /// The cell's text; `nil` for NULL.
    func text(row: Int, column: Int) -> ArraySlice<UInt8>? {
        let cell = cells[row * columns.count + column]
        return cell.start < 0 ? nil : bytes[cell.start..<cell.start + cell.count]
    }
}
