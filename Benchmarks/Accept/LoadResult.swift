import Command
import Foundation

/// What the load saw, and the file in which it says so.
struct LoadResult: Sendable, Codable {
    /// All answers, the ones that were not timed included.
    var answerCount = 0
    /// Of those, how many were not 202.
    var failureCount = 0
    /// Of the answers that count, from the first byte sent to the last received.
    var waitNanoseconds: [Int64] = []
    /// The first job that each answer names.
    var ids: [String] = []
    var processorSeconds = 0.0

    init() {}

    /// Reads the file and removes it.
    init(taking path: String) throws {
        defer { PrivateFile.remove(path) }
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func write(to path: String) throws { try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path)) }
}
