import Basics
public import Queue

/// A worker process as people and programs are shown it.
public struct WorkerResource: Encodable, Sendable {
    public let name: String
    /// `working`; `quiet`: it claims no more; `silent`: it has not beaten for longer than its leases last, so it is dead or
    /// cut off, and its jobs have gone back.
    public let state: String
    /// Since its last heartbeat.
    public let heartbeatAgeSeconds: Double
    /// Its release; null when it does not say.
    public let version: String?
    /// Jobs that it runs at a time; null when it does not say.
    public let concurrency: Int64?
    /// That it serves.
    public let queues: [String]
    /// Jobs that it holds.
    public let running: Int
    /// The same by queue.
    public let runningByQueue: [String: Int]
    public let quiet: Bool

    private enum CodingKeys: String, CodingKey {
        case name, state, version, concurrency, queues, running, quiet
        case heartbeatAgeSeconds = "heartbeat_age_seconds"
        case runningByQueue = "running_by_queue"
    }

    /// A worker's own description is what another process wrote, maybe of another release: what cannot be read is absent.
    public init(_ status: WorkerStatus) {
        name = status.name
        heartbeatAgeSeconds = Double(status.beatAgeMilliseconds) / 1_000
        running = status.runningCount
        runningByQueue = Dictionary(uniqueKeysWithValues: status.running.map { ($0.key.description, $0.value) })
        quiet = status.isQuiet
        state = !status.isAlive ? "silent" : status.isQuiet ? "quiet" : "working"
        let description = Self.object(status.description)
        version = description?["version"]?.string
        concurrency = description?["concurrency"]?.integer
        queues = (description?["queues"]?.array ?? []).compactMap(\.string)
    }

    /// With null for what is unknown.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(state, forKey: .state)
        try container.encode(heartbeatAgeSeconds, forKey: .heartbeatAgeSeconds)
        try container.encode(version, forKey: .version)
        try container.encode(concurrency, forKey: .concurrency)
        try container.encode(queues, forKey: .queues)
        try container.encode(running, forKey: .running)
        try container.encode(runningByQueue, forKey: .runningByQueue)
        try container.encode(quiet, forKey: .quiet)
    }

    private static func object(_ text: String) -> JSONObject? {
        do { return try JSONParser.parse(Array(text.utf8)).object } catch { return nil }
    }
}
