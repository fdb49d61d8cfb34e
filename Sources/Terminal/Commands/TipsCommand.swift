public import ArgumentParser
import Basics
import Jobs
import Operator
import Program
import Queue

/// `aventora tips`
public struct TipsCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "tips",
        abstract: "Bring TIPS's agents and clients into the CRM.",
        subcommands: [Sync.self, BootstrapFields.self]
    )

    public init() {}

    struct Sync: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sync now, and show how far it is. Exit code 1 when anything failed.",
            discussion: """
                The workers do it: ending this command ends nothing. Where a sync is under way already, that one is \
                shown. Without a terminal each step is one line of JSON.
                """
        )

        @Flag(help: "Only count what would be written.") var dryRun = false
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let dryRun = dryRun
            await Session.run(options) { session in
                let job = TipsHandlers.sync(isDryRun: dryRun, nowMilliseconds: session.clock.nowMilliseconds())
                let item = try await TipsCommand.submit(job, session)
                let runs = TipsRunStore(pool: session.pool)
                if item.isDuplicate, session.screen.isTerminal, !session.wantsJSON {
                    session.screen.write("a sync is under way already: \(item.id)\n")
                }
                let run = try await TipsCommand.follow(item.id, session, runs)
                if session.screen.isTerminal {
                    try session.answer(TipsReport(run)) { _ in TipsReport.lines(run) }
                } else {
                    try TipsReport.step(run, session)
                }
                if item.isDuplicate, run.isDryRun != dryRun {
                    throw ProgramError(.failure, "that was not the sync that was asked for")
                }
                if run.hasFailures { throw ProgramError(.failure, run.error ?? "not everything was synced") }
            }
        }
    }

    struct BootstrapFields: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the fields and the role in the CRM that a sync needs, as far as they are missing.")

        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await Session.run(options) { session in
                let job = TipsHandlers.bootstrap(nowMilliseconds: session.clock.nowMilliseconds())
                let item = try await TipsCommand.submit(job, session)
                let ended = try await TipsCommand.wait(for: item.id, session)
                try session.answer(ended) { _ in [ended.note ?? ended.state] }
                if ended.state != JobState.done.rawValue {
                    throw ProgramError(.failure, ended.lastError ?? ended.reason ?? "the job is \(ended.state)")
                }
            }
        }
    }

    private static let lookPause = Duration.milliseconds(500)
    /// A day.
    private static let maximumLooks = 172_800

    private static func submit(_ job: NewJob, _ session: Session) async throws -> SubmissionResult.Item {
        let missing = try TipsVariables.settings(session.settings).missing
        guard missing.isEmpty else {
            throw ProgramError(.configuration, "not set: \(missing.joined(separator: ", "))")
        }
        guard let item = try await session.queue.enqueue([job], to: JobQueue.tips).first else {
            throw ProgramError(.internal, "the job was not enqueued")
        }
        return item
    }

    /// Shows how far a sync is until it has ended.
    private static func follow(_ id: JobID, _ session: Session, _ runs: TipsRunStore) async throws -> TipsRun {
        let line = ProgressLine()
        defer { line.clear() }
        var last = ""
        for _ in 0..<maximumLooks {
            if let run = try await runs.find(id.description) {
                if run.state != .running { return run }
                line.show(TipsReport.progress(run))
                if run.summary != last, !session.screen.isTerminal { try TipsReport.step(run, session) }
                last = run.summary
            }
            // A job that is dead says so sooner than its run.
            if case .present(let view) = try await session.queue.job(id, in: [JobQueue.tips]), view.state == .dead,
                try await runs.find(id.description)?.state != .running
            {
                throw ProgramError(.failure, view.lastError?.message ?? "the job is dead")
            }
            try await Task.sleep(for: lookPause)
        }
        throw ProgramError(.failure, "the sync has not ended within a day")
    }

    private static func wait(for id: JobID, _ session: Session) async throws -> JobResource {
        let ends = [JobState.done, .dead, .cancelled].map(\.rawValue)
        for _ in 0..<maximumLooks {
            if let job = try await session.jobDesk.find(id), ends.contains(job.state) { return job }
            try await Task.sleep(for: lookPause)
        }
        throw ProgramError(.failure, "the job has not ended within a day")
    }
}
