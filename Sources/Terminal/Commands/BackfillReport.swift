import Jobs

/// One workspace of a backfill or of its dry run, as programs are shown it.
struct BackfillStep: Encodable {
    /// What is done: the mode.
    let step: String
    let backfill: String?
    let workspace: String
    let subdomain: String?
    let domain: String?
    /// `planned` in a dry run where something is to be done.
    let state: String
    let detail: String
    /// Whether the Hub has an account of that name; only in a dry run, and where the Hub's data can be read.
    var hubAccount: Bool?
    /// How far the whole is.
    var done, total: Int?

    private enum CodingKeys: String, CodingKey {
        case step, backfill, workspace, subdomain, domain, state, detail, done, total
        case hubAccount = "hub_account"
    }

    init(_ item: BackfillItem, of backfill: Backfill) {
        step = backfill.mode.rawValue
        self.backfill = backfill.id
        (workspace, subdomain) = (item.workspace.id, item.workspace.subdomain)
        (domain, state, detail) = (item.workspace.domainName, item.state.rawValue, item.detail)
    }

    init(planned item: BackfillPlan.Item, hasAccount: Bool?) {
        step = "plan"
        backfill = nil
        (workspace, subdomain) = (item.workspace.id, item.workspace.subdomain)
        domain = item.workspace.domainName
        hubAccount = hasAccount
        switch item.verdict {
        case .wanted: (state, detail) = ("planned", "")
        case .skipped(let reason): (state, detail) = (BackfillItem.State.skipped.rawValue, reason)
        case .refused(let reason): (state, detail) = (BackfillItem.State.failed.rawValue, reason)
        }
    }
}

/// What a backfill waits for, when it does not go on.
struct BackfillWait: Encodable {
    let step = "waiting"
    let detail: String

    private enum CodingKeys: String, CodingKey { case step, detail }
}

/// How a backfill or its dry run came out.
struct BackfillSummary: Encodable {
    let step = "summary"
    let backfill: String?
    let mode: String
    let state: String
    let total, planned, done, skipped, failed, cancelled, pending: Int

    private enum CodingKeys: String, CodingKey {
        case step, backfill, mode, state, total, planned, done, skipped, failed, cancelled, pending
    }

    init(_ plan: BackfillPlan, _ steps: [BackfillStep]) {
        self.init(steps, backfill: nil, mode: plan.mode, state: "planned")
    }

    init(_ backfill: Backfill, _ steps: [BackfillStep]) {
        let isOpen = steps.contains { $0.state == "pending" || $0.state == "running" }
        let state: Backfill.State = backfill.state == .cancelled ? .cancelled : isOpen ? .running : .done
        self.init(steps, backfill: backfill.id, mode: backfill.mode, state: state.rawValue)
    }

    private init(_ steps: [BackfillStep], backfill: String?, mode: BackfillMode, state: String) {
        func count(_ states: String...) -> Int { steps.count(where: { states.contains($0.state) }) }
        (self.backfill, self.mode, self.state, total) = (backfill, mode.rawValue, state, steps.count)
        (planned, done, skipped) = (count("planned"), count("done"), count("skipped"))
        (failed, cancelled, pending) = (count("failed"), count("cancelled"), count("pending", "running"))
    }
}

/// A backfill for people.
enum BackfillReport {
    static func lines(_ steps: [BackfillStep], _ summary: BackfillSummary, width: Int?) -> [String] {
        let wantsAccounts = steps.contains { $0.hubAccount != nil }
        var columns: [Table.Column] = [.text("WORKSPACE"), .text("DOMAIN"), .text("STATE")]
        if wantsAccounts { columns.append(.text("HUB ACCOUNT")) }
        var table = Table(columns + [.sentence("DETAIL")])
        table.rows = steps.map { step in
            let account = wantsAccounts ? [step.hubAccount.map { $0 ? "yes" : "no" } ?? ""] : []
            return [step.subdomain ?? step.workspace, step.domain ?? "", step.state] + account + [step.detail]
        }
        let counts = [
            (summary.planned, "to do"), (summary.done, "done"), (summary.skipped, "skipped"),
            (summary.failed, "failed"), (summary.cancelled, "cancelled"), (summary.pending, "still to do"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let total = "\(summary.total) workspaces" + (counts.isEmpty ? "" : ": " + counts.joined(separator: ", "))
        return (steps.isEmpty ? [] : table.lines(width: width) + [""]) + [total]
    }
}
