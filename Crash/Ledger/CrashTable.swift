import Foundation
import Queue

/// One line about one seed, as soon as it is over; the reasons and how to repeat it when a promise was broken.
struct SeedLine {
    let text: String

    init(_ ledger: SeedLedger, options: CrashOptions) {
        let duplicates = ledger.duplicated.values.reduce(0, +)
        var lines = [
            String(
                format: "seed %llu  %@  %.1f s  %@, %@  accepted %d  delivered %d  dead %d  lost %d  dup %d  late %d  "
                    + "recovery %.1f s  stale %lld", ledger.seed, ledger.isGood ? "good" : "BROKEN", ledger.seconds,
                ledger.theme, ledger.point, ledger.accepted, ledger.delivered, ledger.dead, ledger.lost, duplicates,
                ledger.late, Double(ledger.longestRecovery) / 1_000, ledger.staleRefused)
        ]
        guard !ledger.isGood else {
            text = lines[0]
            return
        }
        lines += ledger.plan.map { "    plan: \($0)" }
        lines += ledger.broken.prefix(20).map { "    broken: \($0)" }
        if ledger.broken.count > 20 { lines.append("    and \(ledger.broken.count - 20) more") }
        if let folder = ledger.folder { lines.append("    kept: \(folder)") }
        let point = options.point.map { " --point \($0.rawValue)" } ?? ""
        lines.append(
            "    again: make crash SEEDS=1 ARGS=\"--from \(ledger.seed) --seconds "
                + "\(options.windowMilliseconds / 1_000)\(point)\"")
        text = lines.joined(separator: "\n")
    }
}

/// The sums of a run as a person reads them.
struct CrashTable {
    let text: String

    init(_ ledger: CrashLedger) {
        var lines = [""]
        lines += ledger.totals.map { Self.line($0.name.replacingOccurrences(of: "_", with: " "), "\($0.value)") }
        if !ledger.duplicated.isEmpty {
            lines += ["", "duplicated, by cause"]
            lines += ledger.duplicated.sorted { $0.key < $1.key }.map { Self.line("  \($0.key)", "\($0.value)") }
        }
        lines += ["", Self.line("killed at a named point", "reached / armed")]
        lines += ledger.points.map { Self.line("  \($0.name)", "\($0.reached) / \($0.armed)") }
        let broken = ledger.seeds.filter { !$0.isGood }.map { "\($0.seed)" }
        let end = broken.isEmpty ? "every promise was kept" : "broken in the seeds \(broken.joined(separator: ", "))"
        lines += ["", end]
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ label: String, _ value: String) -> String {
        label.padding(toLength: max(36, label.count), withPad: " ", startingAt: 0)
            + String(repeating: " ", count: max(1, 16 - value.count)) + value
    }
}
