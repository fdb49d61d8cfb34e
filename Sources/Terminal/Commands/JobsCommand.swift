public import ArgumentParser
import Basics
import Operator
import Program
import Queue

/// `aventora jobs`
public struct JobsCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Show a job and why it is not running; cancel, retry and enqueue one.",
        subcommands: [Get.self, Cancel.self, Retry.self, EnqueueCommand.self, KindsCommand.self]
    )

    public init() {}

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a job and why it is not running.")

        @Argument(help: "The job's id.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let id = id
            await Session.run(options) { session in
                guard let job = try await session.jobDesk.find(try JobsCommand.id(id)) else {
                    throw JobsCommand.unknown
                }
                try JobsCommand.show(job, session)
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a job that waits, or have one that runs stopped.")

        @Argument(help: "The job's id.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await JobsCommand.change(id, options) { try await $0.cancel($1, by: "an operator at the terminal") }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send a buried job to work again.")

        @Argument(help: "The job's id.") var id: String
        @OptionGroup var options: TerminalOptions

        func run() async throws { await JobsCommand.change(id, options) { try await $0.retry($1) } }
    }

    private static var unknown: ProgramError {
        ProgramError(.failure, "no job has this id, or its kind leaves no trace when it is done")
    }

    private static func id(_ text: String) throws -> JobID {
        guard let id = JobID(text) else {
            throw ProgramError(.usage, "'\(text)' is no job's id: those are \(JobID.length) letters and digits")
        }
        return id
    }

    private static func show(_ job: JobResource, _ session: Session) throws {
        let now = session.clock.nowMilliseconds()
        try session.answer(job) { _ in JobReport.lines(job, nowMilliseconds: now) }
    }

    private static func change(
        _ text: String, _ options: TerminalOptions,
        _ body: @escaping @Sendable (JobDesk, JobID) async throws -> JobDesk.Answer
    ) async {
        await Session.run(options) { session in
            switch try await body(session.jobDesk, try id(text)) {
            case .done(let job), .requested(let job): try show(job, session)
            case .impossible(_, let reason): throw ProgramError(.failure, reason)
            case .notYet(let job): throw ProgramError(.unavailable, "\(job.why); try again in a moment")
            case .unknown: throw unknown
            }
        }
    }
}
