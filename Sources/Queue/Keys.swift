/// The names of a queue's Redis keys, all under one hash tag, so that a cluster keeps them together.
struct Keys: Sendable {
    let ready, jobs, due, leases, meta, dead, errors, finished, doorbell, counters: String
    private let prefix: String

    /// - Parameter namespace: what every key begins with; `aj` in production, one of its own in each test.
    init(namespace: String, queue: QueueName) {
        let prefix = "\(namespace):{\(queue)}:"
        self.prefix = prefix
        ready = prefix + "ready"
        jobs = prefix + "jobs"
        due = prefix + "due"
        leases = prefix + "leases"
        meta = prefix + "meta"
        dead = prefix + "dead"
        errors = prefix + "errors"
        finished = prefix + "finished"
        doorbell = prefix + "doorbell"
        counters = prefix + "counters"
    }

    func claims(of worker: String) -> String { prefix + "claims:" + worker }

    func receipt(_ key: String) -> String { prefix + "receipt:" + key }
}

/// The keys that belong to no queue.
struct CommonKeys: Sendable {
    let workers, descriptions, clock, epoch, synced: String

    init(namespace: String) {
        workers = "\(namespace):workers"
        descriptions = "\(namespace):workers:info"
        clock = "\(namespace):workers:clock"
        epoch = "\(namespace):epoch"
        synced = "\(namespace):synced"
    }
}
