/// The names of a queue's Redis keys, all under one hash tag, so that a cluster keeps them together.
struct Keys: Sendable {
    let ready, jobs, due, dead, errors, finished, doorbell, counters, meta, leases: String
    let keys, next, cancelled, cancels, pace, schedules, ticks, log: String
    let ring, lanes, lanesRunning, lanesLimits, lanesBucket, lanesBreaker, lanesHeld, lanesDue, orders: String
    private let prefix: String

    /// - Parameter namespace: what every key begins with; `aj` in production, one of its own in each test.
    init(namespace: String, queue: QueueName) {
        let prefix = "\(namespace):{\(queue)}:"
        self.prefix = prefix
        ready = prefix + "ready"
        jobs = prefix + "jobs"
        due = prefix + "due"
        dead = prefix + "dead"
        errors = prefix + "errors"
        finished = prefix + "finished"
        doorbell = prefix + "doorbell"
        counters = prefix + "counters"
        meta = prefix + "meta"
        leases = prefix + "leases"
        keys = prefix + "keys"
        next = prefix + "next"
        cancelled = prefix + "cancelled"
        cancels = prefix + "cancels"
        pace = prefix + "pace"
        schedules = prefix + "schedules"
        ticks = prefix + "ticks"
        log = prefix + "log"
        ring = prefix + "ring"
        lanes = prefix + "lanes"
        lanesRunning = prefix + "lanes:running"
        lanesLimits = prefix + "lanes:limits"
        lanesBucket = prefix + "lanes:bucket"
        lanesBreaker = prefix + "lanes:breaker"
        lanesHeld = prefix + "lanes:held"
        lanesDue = prefix + "lanes:due"
        orders = prefix + "orders"
        all = [
            ready, jobs, due, dead, errors, finished, doorbell, counters, meta, leases, keys, next, cancelled, cancels,
            ring, lanes, lanesRunning, lanesLimits, lanesBucket, lanesBreaker, lanesHeld, lanesDue, prefix + "lane:",
            prefix + "claims:", orders,
        ]
    }

    /// What every script of a queue takes, in the order of `Scripts/Shared/queue.lua`.
    let all: [String]

    func claims(of worker: String) -> String { prefix + "claims:" + worker }

    func lane(_ lane: String) -> String { prefix + "lane:" + lane }

    func receipt(_ key: String) -> String { prefix + "receipt:" + key }
}

/// The keys that belong to no queue.
struct CommonKeys: Sendable {
    let workers, descriptions, clock, quiet, epoch, synced: String

    init(namespace: String) {
        workers = "\(namespace):workers"
        descriptions = "\(namespace):workers:info"
        clock = "\(namespace):workers:clock"
        quiet = "\(namespace):workers:quiet"
        epoch = "\(namespace):epoch"
        synced = "\(namespace):synced"
    }
}
