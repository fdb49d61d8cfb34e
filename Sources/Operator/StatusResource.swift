/// The whole system at one look.
public struct StatusResource: Encodable, Sendable {
    /// Whether nothing is wrong.
    public let ok: Bool
    /// What is wrong, each in a sentence.
    public let problems: [String]
    /// What somebody may want to know, each in a sentence; nothing is wrong with it.
    public let notices: [String]
    public let redis: ServerResource
    public let postgres: ServerResource
    /// Empty when Redis cannot be reached; so are the workers.
    public let queues: [QueueResource]
    public let workers: [WorkerResource]

    /// A server that everything needs.
    public struct ServerResource: Encodable, Sendable {
        public let ok: Bool
        /// Why it is not.
        public let detail: String?

        init(failure: String?) {
            ok = failure == nil
            detail = failure
        }
    }

    /// Judges what was found.
    ///
    /// - Parameters:
    ///   - redis: why it cannot be used; nil when it can. The same for `postgres`.
    ///   - maximumWaitSeconds: a ready job that waits longer is a problem.
    public init(
        redis: String?, postgres: String?, queues: [QueueResource], workers: [WorkerResource],
        maximumWaitSeconds: Double
    ) {
        var judge = StatusJudge(maximumWaitSeconds: maximumWaitSeconds)
        judge.look(at: "Redis", redis)
        judge.look(at: "Postgres", postgres)
        if redis == nil { judge.look(at: queues, workers) }
        problems = judge.problems
        notices = judge.notices
        ok = judge.problems.isEmpty
        self.redis = ServerResource(failure: redis)
        self.postgres = ServerResource(failure: postgres)
        self.queues = queues
        self.workers = workers
    }

    /// Whether a server is away, or cannot be used.
    public var isServerAway: Bool { !redis.ok || !postgres.ok }
}

/// What counts as wrong. A dead worker does not: its jobs have gone back. Neither do buried jobs: they wait for a person.
struct StatusJudge {
    let maximumWaitSeconds: Double
    private(set) var problems: [String] = []
    private(set) var notices: [String] = []

    init(maximumWaitSeconds: Double) { self.maximumWaitSeconds = maximumWaitSeconds }

    mutating func look(at server: String, _ failure: String?) {
        if let failure { problems.append("\(server): \(failure)") }
    }

    mutating func look(at queues: [QueueResource], _ workers: [WorkerResource]) {
        for queue in queues { look(at: queue, workers.filter { $0.queues.contains(queue.name) }) }
        if !workers.contains(where: { $0.state == "working" }) { problems.append("no worker works") }
        for worker in workers where worker.state == "silent" {
            notices.append("worker \(worker.name) is silent; what it held goes back within 15 s")
        }
        for worker in workers where worker.state == "quiet" {
            notices.append("worker \(worker.name) is quiet: it claims nothing")
        }
        let dead = queues.reduce(0) { $0 + $1.dead }
        if dead > 0 { notices.append("\(dead) \(dead == 1 ? "job is" : "jobs are") in the dead set") }
    }

    private mutating func look(at queue: QueueResource, _ workers: [WorkerResource]) {
        if queue.paused {
            notices.append("queue \(queue.name) is paused, with \(queue.ready) ready")
            return
        }
        if queue.ready > 0, !workers.contains(where: { $0.state == "working" }) {
            problems.append("queue \(queue.name) has \(queue.ready) ready, and no worker that works serves it")
        } else if queue.oldestReadySeconds > maximumWaitSeconds {
            problems.append(
                "queue \(queue.name): the first in line waits since \(Int(queue.oldestReadySeconds)) s"
                    + " (more than \(Int(maximumWaitSeconds)) s)")
        }
    }
}
