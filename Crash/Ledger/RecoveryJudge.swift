/// Judges how soon the jobs of dead and frozen workers ran elsewhere, and whether their late results were refused. Pure.
struct RecoveryJudge {
    let facts: SeedFacts
    let visitsByJob: [String: [Scenery.Visit]]

    private struct Outage {
        let start: Int64
        let end: Int64
    }

    func fill(_ ledger: inout SeedLedger) {
        let outages = outages()
        for bereavement in facts.bereavements {
            guard let held = bereavement.held else { continue }
            for job in held.sorted() {
                ledger.orphaned += 1
                judge(job, bereavement, outages, &ledger)
            }
            judgeStale(bereavement, &ledger)
        }
    }

    private func judge(
        _ job: String, _ bereavement: Bereavement, _ outages: [Outage], _ ledger: inout SeedLedger
    ) {
        let limit = Judge.recoveryLimitMilliseconds
        guard let at = signOfLife(job, after: bereavement.at) else {
            if let end = facts.ended[job], end.isDead || end.at == nil { return }
            ledger.late += 1
            ledger.broken.append("\(job), held by \(bereavement.worker) at its \(bereavement.action), never ran again")
            return
        }
        let start = Self.start(bereavement.at, until: at, outages, limit: limit)
        ledger.longestRecovery = max(ledger.longestRecovery, at - start)
        guard at - start > limit else { return }
        ledger.late += 1
        ledger.broken.append(
            "\(job), held by \(bereavement.worker) at its \(bereavement.action), ran again after \(at - start) ms")
    }

    /// The first thing that somebody else did with the job.
    private func signOfLife(_ job: String, after time: Int64) -> Int64? {
        let visit = (visitsByJob[job] ?? []).map(\.at).filter { $0 > time }.min()
        let end = facts.ended[job]?.at
        return [visit, end].compactMap { $0 }.filter { $0 > time }.min()
    }

    /// From when on the limit counts: the last outage that kept everybody from helping begins it anew.
    private static func start(_ time: Int64, until: Int64, _ outages: [Outage], limit: Int64) -> Int64 {
        var start = time
        for outage in outages where outage.start < min(until, start + limit) && outage.end > start {
            start = min(outage.end, until)
        }
        return start
    }

    /// Times in which nobody could have helped: a server away, all workers away, or the one who helped killed over it.
    private func outages() -> [Outage] {
        let servers = facts.disturbances.filter { ["redis", "postgres"].contains($0.subject) }
        let helpers = facts.disturbances.filter { $0.action.hasSuffix("-reap") }
        let own = servers.map { Outage(start: $0.start, end: $0.end) }
        return (own + steps() + helpers.map { Outage(start: $0.start, end: $0.start + 1) } + allWorkersAway())
            .sorted { $0.start < $1.start }
    }

    /// A step of the clock that leases are counted by gives each its full length again, and so does setting it right.
    private func steps() -> [Outage] {
        facts.disturbances.filter { $0.subject == FaultClock.redis.subject }.flatMap { step in
            [step.start, step.end].map { Outage(start: $0, end: $0 + 1) }
        }
    }

    /// A program that was started a moment ago is not up yet.
    private static let startMilliseconds: Int64 = 1_500

    private func allWorkersAway() -> [Outage] {
        let away = facts.disturbances.filter { $0.subject.hasPrefix("worker") }
        var outages: [Outage] = []
        for disturbance in away {
            // The number can only have grown to the full at a start of one.
            let time = disturbance.start
            let together = away.filter { $0.start <= time && Self.up($0) > time }
            guard Set(together.map(\.subject)).count >= facts.workerCount else { continue }
            outages.append(Outage(start: time, end: together.map(Self.up).min() ?? time))
        }
        return outages
    }

    private static func up(_ disturbance: Disturbance) -> Int64 {
        disturbance.end == .max ? .max : disturbance.end + startMilliseconds
    }

    /// A worker that comes back after its lease has results for jobs that are no longer its own.
    private func judgeStale(_ bereavement: Bereavement, _ ledger: inout SeedLedger) {
        guard bereavement.action == "freeze", !bereavement.taken.isEmpty, let before = bereavement.staleBefore else {
            return
        }
        let after = facts.counters.values.reduce(0) { $0 + ($1["stale"] ?? 0) }
        if after <= before {
            let count = bereavement.taken.count
            ledger.broken.append(
                "\(bereavement.worker) came back without \(count) of its jobs, and none of its results was refused")
        }
    }
}
