import Program

/// Rows of text under headings, for people.
struct Table {
    /// A heading and how what is under it stands.
    struct Column {
        enum Alignment { case left, right }

        let title: String
        let alignment: Alignment
        /// Whether it gives way when the screen is too narrow.
        let isFlexible: Bool

        /// Names and sentences.
        static func text(_ title: String) -> Column { Column(title: title, alignment: .left, isFlexible: false) }
        /// Numbers.
        static func number(_ title: String) -> Column { Column(title: title, alignment: .right, isFlexible: false) }
        /// Sentences that may be cut.
        static func sentence(_ title: String) -> Column { Column(title: title, alignment: .left, isFlexible: true) }
    }

    let columns: [Column]
    /// One text a column; an empty one is shown as `-`.
    var rows: [[String]]

    private static let gap = 2
    /// A flexible column is never made narrower.
    private static let narrowest = 12

    init(_ columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Heading and rows, without spaces at their ends. What came from outside cannot move the cursor.
    ///
    /// - Parameter width: of the screen, in columns; nil when nothing must be cut, as in a file.
    func lines(width: Int? = nil) -> [String] {
        let cells = [columns.map(\.title)] + rows.map { $0.map { $0.isEmpty ? "-" : OneLine.escape($0) } }
        let widths = fitted(natural(cells), to: width)
        return cells.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let text = columns[index].isFlexible ? TextWidth.cut(cell, to: widths[index]) : cell
                let padding = String(repeating: " ", count: max(0, widths[index] - TextWidth.columns(of: text)))
                if index > 0 { line += String(repeating: " ", count: Self.gap) }
                line += columns[index].alignment == .right ? padding + text : text + padding
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func natural(_ cells: [[String]]) -> [Int] {
        columns.indices.map { index in cells.map { TextWidth.columns(of: $0[index]) }.max() ?? 0 }
    }

    private func fitted(_ widths: [Int], to screen: Int?) -> [Int] {
        guard let screen else { return widths }
        var widths = widths
        var surplus = widths.reduce(0, +) + Self.gap * (widths.count - 1) - screen
        for index in columns.indices.reversed() where columns[index].isFlexible && surplus > 0 {
            let given = max(0, min(surplus, widths[index] - Self.narrowest))
            widths[index] -= given
            surplus -= given
        }
        return widths
    }
}
