import Queue

/// A submission on its way into the outbox. Pure: says what its receipts mean and what has to be written.
struct OutboxEntry: Sendable {
    /// What has to be written, and what the caller is told once it is.
    struct Plan: Sendable {
        var result: SubmissionResult
        /// `group` is -1 for the submission's own.
        var receipts: [(receipt: Receipt, ids: String, group: Int)] = []
        var jobs: [(group: Int, job: NewJob)] = []

        /// What the rows have in common: the first one's id.
        var submission: String? { jobs.first?.job.id.description }
    }

    private let submission: Submission

    init(_ submission: Submission, _ queue: QueueName) { self.submission = submission }

    /// The keys of all receipts, each once.
    var receiptKeys: [String] {
        Array(Set(([submission.receipt] + submission.groups.map(\.receipt)).compactMap { $0?.key }))
    }

    var hasReceipts: Bool { !receiptKeys.isEmpty }

    /// - Parameter known: by key, the receipts that are there.
    func plan(known: [String: Receipt.Known]) -> Plan {
        if let receipt = submission.receipt, let known = known[receipt.key] {
            guard known.digest == receipt.digest else { return Plan(result: .conflict(group: nil)) }
            return Plan(result: .accepted(known.groups.map { Self.group($0, isDuplicate: true) }))
        }
        var plan = Plan(result: .conflict(group: nil))
        var lines: [String] = []
        var groups: [SubmissionResult.Group] = []
        var seen = known
        for (number, group) in submission.groups.enumerated() {
            if let receipt = group.receipt, let earlier = seen[receipt.key] {
                guard earlier.digest == receipt.digest else { return Plan(result: .conflict(group: number)) }
                lines.append(earlier.groups.first ?? "")
                groups.append(Self.group(lines[number], isDuplicate: true))
                continue
            }
            lines.append(group.jobs.map(\.id.description).joined(separator: " "))
            groups.append(Self.group(lines[number], isDuplicate: false))
            plan.jobs += group.jobs.map { (number, $0) }
            if let receipt = group.receipt {
                plan.receipts.append((receipt, lines[number], number))
                seen[receipt.key] = .init(digest: receipt.digest, ids: lines[number])
            }
        }
        if let receipt = submission.receipt {
            plan.receipts.append((receipt, lines.joined(separator: "\n"), -1))
        }
        plan.result = .accepted(groups)
        return plan
    }

    private static func group(_ line: String, isDuplicate: Bool) -> SubmissionResult.Group {
        .init(ids: line.split(separator: " ").compactMap { JobID(String($0)) }, isDuplicate: isDuplicate)
    }
}

extension Receipt {
    /// A receipt that was given before: the ids of each group, separated by spaces, one line a group.
    struct Known: Sendable {
        let digest: String
        let ids: String

        var groups: [String] { ids.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    }
}
