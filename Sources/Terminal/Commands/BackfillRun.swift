import Basics
import Foundation
import Jobs
import Operator
import Program
import Queue

/// Carries a backfill out as far as a person or a program sees it.
struct BackfillRun {
    private let session: Session
    /// Lines of JSON instead of a bar and a table.
    private let wantsLines: Bool
    private let bar = ProgressLine()

    private static let lookMilliseconds = 500
    /// Without a change for so long, it is looked why; in looks.
    private static let looksUntilConcern = 20
    /// A day.
    private static let maximumLooks = 172_800
    /// Ends are told by the clock of the database, of which two may change places.
    private static let overlapMilliseconds: Int64 = 10_000

    init(_ session: Session) {
        self.session = session
        wantsLines = session.wantsJSON || !session.screen.isTerminal
    }

    /// A dry run.
    ///
    /// - Throws: exit 1 when a workspace could not be done.
    func show(_ plan: BackfillPlan) async throws {
        let accounts = await accounts(of: plan)
        let steps = plan.items.map {
            BackfillStep(planned: $0, hasAccount: accounts?.contains($0.workspace.domainName ?? ""))
        }
        if wantsLines { for step in steps { try write(step) } }
        try conclude(steps, BackfillSummary(plan, steps))
    }

    /// Starts a backfill, or goes on with it, and watches.
    ///
    /// - Throws: exit 1 when another runs, and when a workspace failed.
    func execute(_ wish: BackfillDesk.Wish, waits: Bool) async throws {
        try await session.withDurableQueue { submit in
            let desk = desk(submit)
            let (backfill, isResumed) = try await start(wish, desk)
            let verb = isResumed ? "goes on" : "begins"
            tell("backfill \(backfill.id) \(verb); workers do it, also when this command has ended")
            if waits { try await follow(backfill, desk) }
            let end = try await desk.find(backfill.id) ?? backfill
            let steps = try await desk.items(of: backfill.id).map { BackfillStep($0, of: end) }
            try conclude(steps, BackfillSummary(end, steps), wasAwaited: waits)
        }
    }

    private func start(
        _ wish: BackfillDesk.Wish, _ desk: BackfillDesk
    ) async throws -> (backfill: Backfill, isResumed: Bool) {
        do { return try await desk.start(wish, session.keyring) } catch let refusal as BackfillDesk.Refusal {
            throw ProgramError(.failure, refusal.reason)
        } catch let error as SecretsError {
            throw ProgramError(.configuration, error.message, underlying: error)
        }
    }

    /// Ends the backfill that runs.
    ///
    /// - Throws: exit 1 when none does.
    func cancel() async throws {
        try await session.withDurableQueue { submit in
            let desk = desk(submit)
            guard let backfill = try await desk.cancel() else { throw ProgramError(.failure, "no backfill runs") }
            let steps = try await desk.items(of: backfill.id).map { BackfillStep($0, of: backfill) }
            try conclude(steps, BackfillSummary(backfill, steps), wasCancelled: true)
        }
    }

    private func desk(_ submit: DurableQueue) -> BackfillDesk {
        BackfillDesk(
            store: BackfillStore(pool: session.pool), queue: session.queue, submit: submit, clock: session.clock)
    }

    /// Shows each end until there are no more to come.
    private func follow(_ backfill: Backfill, _ desk: BackfillDesk) async throws {
        let total = try await desk.items(of: backfill.id).count
        var shown: Set<String> = []
        var (since, calm, concern): (Int64, Int, String?) = (0, 0, nil)
        for _ in 0..<Self.maximumLooks {
            // Looked at first, so that nothing ends between the last look and the end.
            let isOver = try await desk.find(backfill.id)?.state != .running
            let news = try await desk.ended(of: backfill.id, sinceMilliseconds: since)
                .filter { shown.insert($0.workspace.id).inserted }
            since = max(since, (news.compactMap(\.endedAtMilliseconds).max() ?? 0) - Self.overlapMilliseconds)
            for item in news { try show(item, backfill, shown.count, total) }
            if isOver { break }
            calm = news.isEmpty ? calm + 1 : 0
            if calm >= Self.looksUntilConcern {
                calm = 0
                let reason = try await reason(desk, backfill)
                if let reason, reason != concern, wantsLines { try write(BackfillWait(detail: reason)) }
                concern = reason
            }
            if !wantsLines { bar.show(Self.bar(shown.count, total, concern)) }
            try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
        }
        bar.clear()
    }

    private func show(_ item: BackfillItem, _ backfill: Backfill, _ done: Int, _ total: Int) throws {
        guard wantsLines else { return }
        var step = BackfillStep(item, of: backfill)
        (step.done, step.total) = (done, total)
        try write(step)
    }

    /// Puts right what keeps the backfill from going on, and says what it waits for.
    private func reason(_ desk: BackfillDesk, _ backfill: Backfill) async throws -> String? {
        guard let job = try await desk.attend(backfill) else { return nil }
        return try await session.jobDesk.find(job)?.why
    }

    static func bar(_ done: Int, _ total: Int, _ concern: String?) -> String {
        let width = 30
        let filled = total > 0 ? done * width / total : width
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "[\(bar)] \(done) of \(total)" + (concern.map { "  \(TextWidth.cut(OneLine.escape($0), to: 60))" } ?? "")
    }

    /// Which domains have a Hub account; nil where the Hub's data cannot be read.
    private func accounts(of plan: BackfillPlan) async -> Set<String>? {
        let domains = plan.items.compactMap(\.workspace.domainName)
        do throws(JobsError) {
            return Set(try await HubStore(pool: session.pool).settings(domainNames: domains).keys)
        } catch {
            return nil
        }
    }

    private func conclude(
        _ steps: [BackfillStep], _ summary: BackfillSummary, wasAwaited: Bool = false, wasCancelled: Bool = false
    ) throws {
        let lines = BackfillReport.lines(steps, summary, width: wantsLines ? nil : session.screen.width)
        if wantsLines {
            try write(summary)
            tell(lines.joined(separator: "\n"))
        } else {
            session.screen.write(lines: lines)
        }
        let rest = wasAwaited ? summary.cancelled + summary.pending : 0
        guard !wasCancelled, summary.failed + rest > 0 else { return }
        throw ProgramError(
            .failure,
            "\(summary.failed) of \(summary.total) workspaces failed" + (rest > 0 ? ", \(rest) were not done" : ""))
    }

    private func write(_ value: some Encodable) throws {
        session.screen.write(String(decoding: try ResourceJSON.encode(value), as: UTF8.self) + "\n")
    }

    /// For people, beside the answer.
    private func tell(_ text: String) {
        // Whoever looks at it is no longer there: no reason to stop.
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}
