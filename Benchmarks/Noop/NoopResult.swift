import Command
import Foundation
import Queue

/// What a worker process saw of a drain, and the files in which it says so: the figures, and the ids back to back.
struct NoopResult: Sendable {
    /// From the start of the worker's work to the last ack.
    let seconds: Double
    let processorSeconds: Double
    /// Redis's count of acks at the last of these seconds.
    let acknowledged: Int
    /// The jobs that ran, in order; more than were acknowledged if there were more than were asked for.
    let ids: [JobID]

    private struct Figures: Codable {
        let seconds: Double
        let processorSeconds: Double
        let acknowledged: Int
    }

    init(seconds: Double, processorSeconds: Double, acknowledged: Int, ids: [JobID]) {
        self.seconds = seconds
        self.processorSeconds = processorSeconds
        self.acknowledged = acknowledged
        self.ids = ids
    }

    init(path: String) throws {
        let figures = try JSONDecoder().decode(Figures.self, from: Data(contentsOf: Self.figures(path)))
        let bytes = [UInt8](try Data(contentsOf: Self.ids(path)))
        seconds = figures.seconds
        processorSeconds = figures.processorSeconds
        acknowledged = figures.acknowledged
        ids = stride(from: 0, to: bytes.count, by: JobID.length).compactMap { start in
            JobID(bytes: bytes[start..<min(start + JobID.length, bytes.count)])
        }
    }

    func write(to path: String) throws {
        try Data(ids.flatMap(\.bytes)).write(to: Self.ids(path))
        let figures = Figures(seconds: seconds, processorSeconds: processorSeconds, acknowledged: acknowledged)
        try JSONEncoder().encode(figures).write(to: Self.figures(path))
    }

    static func remove(_ path: String) {
        PrivateFile.remove(figures(path).path)
        PrivateFile.remove(ids(path).path)
    }

    private static func figures(_ path: String) -> URL { URL(fileURLWithPath: path + ".json") }
    private static func ids(_ path: String) -> URL { URL(fileURLWithPath: path + ".ids") }
}
