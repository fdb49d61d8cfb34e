import Basics
import Hummingbird
import Jobs
import Queue
import Synchronization

/// `GET /v1/queues` and `GET /v1/queues/{name}`.
struct QueueRoutes: Sendable {
    let queue: QueueClient
    let clock: any WallClock
    private let rates = DrainRates()

    init(queue: QueueClient, clock: any WallClock) {
        self.queue = queue
        self.clock = clock
    }

    func add(to table: inout RouteTable) {
        table.get("/v1/queues", scope: .read) { _, _ in
            try JSONResponse.encode(Page(items: try await resources(JobQueue.all), nextCursor: nil))
        }
        table.get("/v1/queues/{name}", scope: .read) { _, context in
            let text = try context.pathParameter("name")
            guard let name = QueueName(text), JobQueue.all.contains(name),
                let resource = try await resources([name]).first
            else { throw Problem.notFound("there is no queue '\(text.prefix(64))'") }
            return try JSONResponse.encode(resource)
        }
    }

    private func resources(_ names: [QueueName]) async throws -> [QueueResource] {
        let now = clock.nowMilliseconds()
        let statuses: [QueueStatus]
        do throws(QueueError) { statuses = try await queue.status(of: names, nowMilliseconds: now) } catch {
            throw Problem(error)
        }
        return statuses.map { status in
            let rate = rates.perSecond(status, nowMilliseconds: now)
            return QueueResource(status, donePerSecond: rate)
        }
    }
}

/// A queue as the API shows it.
struct QueueResource: Encodable, Sendable {
    let name: String
    let ready, due, running, dead: Int
    let oldestReadySeconds: Double?
    /// How long the ready jobs will take at the rate of the last minutes; null while that is unknown.
    let backlogSeconds: Double?
    let paused: Bool
    let counters: [String: Int64]

    enum CodingKeys: String, CodingKey {
        case name, ready, due, running, dead, paused, counters
        case oldestReadySeconds = "oldest_ready_seconds"
        case backlogSeconds = "backlog_seconds"
    }

    init(_ status: QueueStatus, donePerSecond: Double?) {
        name = status.queue.description
        ready = status.ready
        due = status.due
        running = status.running
        dead = status.dead
        paused = status.isPaused
        counters = status.counters
        oldestReadySeconds = status.oldestReadyMilliseconds.map { Double($0) / 1_000 } ?? 0
        if status.ready == 0 {
            backlogSeconds = 0
        } else {
            backlogSeconds = donePerSecond.flatMap { $0 > 0 ? Double(status.ready) / $0 : nil }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(ready, forKey: .ready)
        try container.encode(due, forKey: .due)
        try container.encode(running, forKey: .running)
        try container.encode(dead, forKey: .dead)
        try container.encode(oldestReadySeconds, forKey: .oldestReadySeconds)
        try container.encode(backlogSeconds, forKey: .backlogSeconds)
        try container.encode(paused, forKey: .paused)
        try container.encode(counters, forKey: .counters)
    }
}

/// How fast each queue was drained between two looks at it, by this process.
final class DrainRates: Sendable {
    private struct Sample {
        var atMilliseconds: Int64
        var done: Int64
        var perSecond: Double?
    }

    /// Looks closer together than this change nothing.
    private static let shortestMilliseconds: Int64 = 1_000

    private let samples = Mutex<[QueueName: Sample]>([:])

    func perSecond(_ status: QueueStatus, nowMilliseconds: Int64) -> Double? {
        let done = status.counters["done"] ?? 0
        return samples.withLock { samples in
            guard var sample = samples[status.queue] else {
                samples[status.queue] = Sample(atMilliseconds: nowMilliseconds, done: done)
                return nil
            }
            let passed = nowMilliseconds - sample.atMilliseconds
            guard passed >= Self.shortestMilliseconds else { return sample.perSecond }
            sample.perSecond = Double(max(0, done - sample.done)) * 1_000 / Double(passed)
            sample.atMilliseconds = nowMilliseconds
            sample.done = done
            samples[status.queue] = sample
            return sample.perSecond
        }
    }
}
