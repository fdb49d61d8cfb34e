import Queue

/// The rows of one submission that are given to Redis together. Pure.
struct OutboxBundle: Sendable {
    let rows: [OutboxRow]
    private let receipts: [OutboxReceipt]

    /// Rows of one submission, in their order, and its receipts.
    private init(rows: [OutboxRow], receipts: [OutboxReceipt]) {
        self.rows = rows
        self.receipts = receipts
    }

    /// Rows in their order, as bundles in the order of their first rows.
    static func bundles(of rows: [OutboxRow], receipts: [String: [OutboxReceipt]]) -> [OutboxBundle] {
        var order: [String] = []
        var members: [String: [OutboxRow]] = [:]
        for row in rows {
            if members[row.submission] == nil { order.append(row.submission) }
            members[row.submission, default: []].append(row)
        }
        return order.map { OutboxBundle(rows: members[$0] ?? [], receipts: receipts[$0] ?? []) }
    }

    /// Numbers of the groups, in order; those without rows are there for their receipts.
    private var groupNumbers: [Int] {
        if let whole = receipts.first(where: { $0.group < 0 }) { return Array(0..<whole.groupCount) }
        return Set(rows.map(\.groupNumber) + receipts.map(\.group)).sorted()
    }

    /// As it was submitted, as far as its rows still wait.
    var relayed: RelayedSubmission {
        let groups = groupNumbers.map { number in
            Submission.Group(
                receipt: receipts.first { $0.group == number }?.receipt,
                jobs: rows.filter { $0.groupNumber == number }.map(\.job))
        }
        return RelayedSubmission(
            submission: Submission(receipt: receipts.first { $0.group < 0 }?.receipt, groups: groups),
            queue: rows[0].queue)
    }

    /// These of the rows alone, whatever the receipts say.
    static func bare(_ rows: [OutboxRow]) -> RelayedSubmission {
        RelayedSubmission(submission: Submission(groups: [.init(jobs: rows.map(\.job))]), queue: rows[0].queue)
    }

    /// What a result of ``relayed`` means for the rows.
    func verdict(_ result: RelayResult) -> Verdict {
        switch result {
        case .submitted(.accepted(let groups)): return verdict(groups)
        // It was accepted, by way of the outbox, before its conflict with what came by way of Redis could be seen. What
        // was accepted is done.
        case .submitted(.conflict): return Verdict(bare: rows)
        case .submitted(.full): return Verdict(fullQueue: rows[0].queue)
        // The others are looked at again: they were enqueued with these, so they have ended or were lost.
        case .known(let ids):
            return Verdict(notes: rows.filter { ids.contains($0.job.id) }.map { .init(number: $0.number) })
        case .fenced(let fence): return Verdict(newerFence: fence)
        case .failed(let error): return Verdict(failure: error)
        }
    }

    private func verdict(_ groups: [SubmissionResult.Group]) -> Verdict {
        var verdict = Verdict()
        for (number, group) in zip(groupNumbers, groups) {
            let members = rows.filter { $0.groupNumber == number }
            let isOwn = members.contains { group.ids.contains($0.job.id) }
            if group.isDuplicate, isOwn {
                // Redis has this submission's own receipt, so it had the jobs, and neither it nor the history has them
                // now. Those of a relay would have left a trace: they were lost. The others came straight from their
                // sender, whose answer was lost: they have ended, without a trace if their kind leaves none.
                verdict.bare += members.filter(\.wasRelayed)
                verdict.notes += members.filter { !$0.wasRelayed }.map { .init(number: $0.number, isEnd: true) }
                continue
            }
            for (index, row) in members.enumerated() {
                let item = index < group.jobs.count ? group.jobs[index] : group.jobs.first
                verdict.notes.append(Self.note(row, item, isKnownByReceipt: group.isDuplicate))
            }
        }
        return verdict
    }

    /// What it means for a row that this job stands for it.
    static func note(_ row: OutboxRow, _ item: SubmissionResult.Item?, isKnownByReceipt: Bool) -> RelayRight.Note {
        guard isKnownByReceipt || item?.isDuplicate == true else { return .init(number: row.number) }
        // A debounced job took over this one's arguments, so this one's end is that one's: until then they may have to be
        // given again. In the other cases another job does what this one should have done, with arguments of its own.
        var isEnd = true
        if !isKnownByReceipt, case .debounce? = row.job.key { isEnd = false }
        return .init(number: row.number, carrier: item?.id, isEnd: isEnd)
    }

    /// What has to be done after a bundle was offered to Redis.
    struct Verdict: Sendable {
        /// To be written down.
        var notes: [RelayRight.Note] = []
        /// To be enqueued without receipts.
        var bare: [OutboxRow] = []
        var failure: QueueError?
        /// It takes nothing now.
        var fullQueue: QueueName?
        /// Another relay has taken over.
        var newerFence: Int64?
    }
}
