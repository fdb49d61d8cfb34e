import Command
import Foundation
import Queue

/// What a worker of stamped jobs saw, and the file in which it says so.
struct StampedResult: Sendable, Codable {
    /// The jobs with a stamp, in the order of their starts.
    var ids: [String] = []
    /// From each one's stamp to its start.
    var delayNanoseconds: [Int64] = []

    /// Reads the file and removes it.
    init(taking path: String) throws {
        defer { PrivateFile.remove(path) }
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    init() {}

    func write(to path: String) throws { try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path)) }

    /// - Throws: ``BenchError`` unless the stamped jobs that ran are these, each once.
    func check(against enqueued: [JobID]) throws {
        guard ids.count == enqueued.count, Set(ids) == Set(enqueued.map(\.description)) else {
            throw BenchError("\(ids.count) runs of \(Set(ids).count) jobs, of \(enqueued.count) enqueued")
        }
    }
}
