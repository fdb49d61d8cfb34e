import Command
import Foundation

/// The figures of one run of this program, as JSON.
struct ReportFile: Encodable {
    let measuredAt = Date()
    let machine: Machine
    var benchmarks: [Report] = []

    init(machine: Machine) { self.machine = machine }

    private enum CodingKeys: String, CodingKey { case measuredAt, machine, benchmarks }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(self), as: UTF8.self)
        do {
            try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError(.configuration, "cannot write \(path)", underlying: error)
        }
    }
}
