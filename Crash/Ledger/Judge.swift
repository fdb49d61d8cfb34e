// Every promise is judged from what others saw: callers, targets, the history, the keys. Pure.

/// Turns facts into a ledger.
struct Judge {
    let facts: SeedFacts
    /// How long until a dead worker's jobs run elsewhere, in ms.
    static let recoveryLimitMilliseconds: Int64 = 15_000

    private let visitsByJob: [String: [Scenery.Visit]]

    init(_ facts: SeedFacts) {
        self.facts = facts
        visitsByJob = Dictionary(grouping: facts.visits, by: \.job)
    }

    func fill(_ ledger: inout SeedLedger) {
        ledger.accepted = facts.accepted.count
        ledger.refusals = Dictionary(uniqueKeysWithValues: facts.refusals.map { ("\($0.key)", $0.value) })
        ledger.reachedPoints = facts.reached
        ledger.leftovers = facts.leftovers.count
        ledger.broken += facts.complaints + facts.leftovers
        judgeEnds(&ledger)
        judgeIdentity(&ledger)
        judgeDuplicates(&ledger)
        judgeAttempts(&ledger)
        judgeTotals(&ledger)
        let recovery = RecoveryJudge(facts: facts, visitsByJob: visitsByJob)
        recovery.fill(&ledger)
    }

    /// Accepted is delivered, or dead, or still there. Nothing else.
    private func judgeEnds(_ ledger: inout SeedLedger) {
        var delivered: Set<String> = []
        for visit in facts.visits where visit.deliveredAt != nil {
            delivered.insert("\(visit.account) \(visit.engagement)")
        }
        for accepted in facts.accepted {
            let own = accepted.jobs + accepted.jobs.compactMap { facts.carriers[$0] }
            let jobs = own + own.flatMap(followers)
            let ends = jobs.compactMap { facts.ended[$0] }
            let isDelivered =
                accepted.event.kind == .received
                ? ends.contains { !$0.isDead }
                : delivered.contains("\(accepted.event.account) \(accepted.event.engagement)")
            if isDelivered {
                ledger.delivered += 1
            } else if ends.contains(where: \.isDead) {
                ledger.dead += 1
            } else if !facts.pending.isDisjoint(with: jobs) {
                ledger.pending += 1
            } else {
                ledger.lost += 1
                ledger.broken.append("lost: \(accepted.event.engagement), jobs \(jobs), accepted at \(accepted.at) ms")
            }
        }
        ledger.quarantined = facts.ended.values.count { $0.isQuarantined }
        if !facts.pending.isEmpty {
            let some = facts.pending.sorted().prefix(5)
            ledger.broken.append("still pending at the end: \(facts.pending.count), such as \(some)")
        }
    }

    /// A job that looked for an account's targets names the pushes that it made.
    private func followers(_ id: String) -> [String] {
        guard let end = facts.ended[id], end.kind == "engagement.route", let colon = end.note.firstIndex(of: ":")
        else { return [] }
        return end.note[end.note.index(after: colon)...].split(separator: " ").map(String.init)
    }

    /// An event becomes one job, however often it was posted and whoever died with it.
    private func judgeIdentity(_ ledger: inout SeedLedger) {
        for (event, named) in facts.crowds {
            // While the endpoints cannot be read, a second one looks for them later.
            let own = named.filter { facts.ended[$0]?.kind != "endpoint.route" }
            if own.count != 1 { ledger.broken.append("\(event) made \(named.count) jobs") }
        }
        var jobs: [String: Set<String>] = [:]
        for visit in facts.visits { jobs["\(visit.account) \(visit.engagement)", default: []].insert(visit.job) }
        for (event, ids) in jobs where ids.count > 1 {
            ledger.broken.append("enqueued \(ids.count) times: \(event) as \(ids.sorted())")
        }
        let known = Set(facts.accepted.map(\.event.engagement))
        let strangers = Set(facts.visits.map(\.engagement)).subtracting(known)
        if !strangers.isEmpty {
            ledger.broken.append("delivered and never accepted: \(strangers.sorted().prefix(5))")
        }
    }

    private func judgeDuplicates(_ ledger: inout SeedLedger) {
        for (job, visits) in visitsByJob {
            let delivered = visits.filter { $0.deliveredAt != nil }.sorted { $0.at < $1.at }
            for (first, second) in zip(delivered, delivered.dropFirst()) {
                let cause = cause(of: second, after: first)
                ledger.duplicated[cause ?? "unexplained", default: 0] += 1
                if cause == nil {
                    ledger.broken.append("delivered twice without a cause: \(job) at \(first.at) and \(second.at) ms")
                }
            }
        }
    }

    /// What came between two deliveries and may have made the second one necessary. What only the API or the scheduler
    /// met is no reason.
    private func cause(of second: Scenery.Visit, after first: Scenery.Visit) -> String? {
        let answered = first.deliveredAt ?? first.at
        let meeting = facts.disturbances.filter { $0.start <= second.at && $0.end >= first.at - 500 }
        if let worker = meeting.first(where: { $0.subject.hasPrefix("worker") }) { return "worker: \(worker.action)" }
        if let redis = meeting.first(where: { $0.subject == "redis" }) { return "redis: \(redis.action)" }
        return answered - first.at > Scenery.timeoutMilliseconds - 500 ? "answered too late" : nil
    }

    /// Only what a target said may cost an attempt.
    private func judgeAttempts(_ ledger: inout SeedLedger) {
        for (id, end) in facts.ended {
            let given = (visitsByJob[id] ?? []).count(where: Self.isFailure)
            let spent = end.isDead ? end.attempts : end.attempts - 1
            guard spent > given else { continue }
            ledger.overspent += spent - given
            let reason = end.note.prefix(200)
            ledger.broken.append("\(id) (\(end.kind)) spent \(spent) attempts on \(given) failures: \(reason)")
        }
    }

    /// An answer that came too late for the time limit counts for the worker as none.
    private static func isFailure(_ visit: Scenery.Visit) -> Bool {
        guard visit.isSuccess, let deliveredAt = visit.deliveredAt else { return !visit.isSuccess }
        return deliveredAt - visit.at > Scenery.timeoutMilliseconds - 500
    }

    /// Where every job leaves a trace. Jobs of the other queues come from schedules, and most of theirs leave none.
    private static let tracedQueues: Set = ["webhooks", "crm"]

    /// The engine's own totals add up: each job ended once.
    private func judgeTotals(_ ledger: inout SeedLedger) {
        for (queue, counters) in facts.counters {
            if Self.tracedQueues.contains(queue) { judgeTotals(of: queue, counters, &ledger) }
            for name in ["orphans", "traces_dropped", "dead_dropped"] where counters[name] ?? 0 > 0 {
                ledger.broken.append("\(queue): \(counters[name] ?? 0) \(name)")
            }
        }
        ledger.staleRefused = facts.counters.values.reduce(0) { $0 + ($1["stale"] ?? 0) }
    }

    private func judgeTotals(of queue: String, _ counters: [String: Int64], _ ledger: inout SeedLedger) {
        let ends = facts.ended.values.filter { $0.queue == queue }
        let dead = Int64(ends.count(where: \.isDead))
        let done = Int64(ends.count) - dead
        let (enqueued, counted) = (counters["enqueued"] ?? 0, counters["done"] ?? 0)
        if counted != done { ledger.broken.append("\(queue): \(done) jobs are done, \(counted) are counted") }
        if enqueued != done + dead, facts.pending.isEmpty {
            ledger.broken.append("\(queue): \(enqueued) jobs came, \(done) are done and \(dead) dead")
        }
    }
}
