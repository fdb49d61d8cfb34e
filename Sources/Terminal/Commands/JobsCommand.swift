public import ArgumentParser
import Operator
import Program
import Queue

/// `aventora jobs`
public struct JobsCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Show a job and why it is not running.",
        subcommands: [Get.self]
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
                    throw ProgramError(.failure, "no job has this id, or its kind leaves no trace when it is done")
                }
                let now = session.clock.nowMilliseconds()
                try session.answer(job) { _ in JobReport.lines(job, nowMilliseconds: now) }
            }
        }
    }

    static func id(_ text: String) throws -> JobID {
        guard let id = JobID(text) else {
            throw ProgramError(.usage, "'\(text)' is no job's id: those are \(JobID.length) letters and digits")
        }
        return id
    }
}
