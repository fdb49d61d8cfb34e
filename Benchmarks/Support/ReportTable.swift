import Foundation

/// A report as a person reads it.
struct ReportTable {
    private let report: Report

    init(_ report: Report) { self.report = report }

    /// `median` is of all runs; `noise` is the width from least to most in per cent of it; `ratio` is to the group's
    /// first line.
    var text: String {
        let conditions = report.conditions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        var lines = ["", "\(report.benchmark): \(conditions.joined(separator: " · "))"]
        for group in report.groups {
            let rows = report.rows.filter { $0.group == group }
            lines += ["", line("\(group) (\(rows[0].unit))", ["median", "min", "max", "noise", "ratio"])]
            for row in rows {
                let noise = row.median > 0 ? (row.most - row.least) / row.median * 100 : 0
                let ratio = rows[0].median > 0 ? row.median / rows[0].median : 0
                let figures = [row.median, row.least, row.most].map(FigureText.make)
                lines.append(
                    line("  " + row.contender, figures + ["\(Int(noise.rounded())) %", FigureText.make(ratio)]))
            }
        }
        if !report.bars.isEmpty { lines += [""] + report.bars.map { "  \($0)" } }
        if !report.remarks.isEmpty { lines += [""] + report.remarks.map { "  \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    private func line(_ label: String, _ cells: [String]) -> String {
        let name = label.padding(toLength: max(46, label.count), withPad: " ", startingAt: 0)
        return cells.reduce(name) { $0 + String(repeating: " ", count: max(1, 11 - $1.count)) + $1 }
    }
}

/// A figure with about three digits that matter.
enum FigureText {
    static func make(_ value: Double) -> String {
        switch abs(value) {
        case 1_000...: grouped(Int(value.rounded()))
        case 100...: String(format: "%.0f", value)
        case 10...: String(format: "%.1f", value)
        case 0.1...: String(format: "%.2f", value)
        default: String(format: "%.4f", value)
        }
    }

    private static func grouped(_ value: Int) -> String {
        var digits = String(value)[...]
        var parts: [Substring] = []
        while digits.count > 3 {
            parts.insert(digits.suffix(3), at: 0)
            digits = digits.dropLast(3)
        }
        return ([digits] + parts).joined(separator: ",")
    }
}
