public import ArgumentParser
import Operator
import Program
import Queue

/// `aventora workers`
public struct WorkersCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Show the worker processes; tell one to claim no more.",
        subcommands: [List.self, Quiet.self],
        defaultSubcommand: List.self
    )

    public init() {}

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the worker processes and what they hold.",
            discussion: "One that died without a word stays listed for an hour, silent; its jobs went back within 15 s."
        )

        @OptionGroup var options: TerminalOptions

        func run() async throws {
            await Session.run(options) { session in
                let workers = try await session.queueDesk.workers()
                try session.answer(Page(items: workers)) { WorkerReport.lines(workers, width: $0) }
            }
        }
    }

    struct Quiet: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell a worker to claim no more. It finishes what it runs, and stays until it is stopped.")

        @Argument(help: "The worker's name.") var name: String
        @OptionGroup var options: TerminalOptions

        func run() async throws {
            let name = name
            await Session.run(options) { session in
                guard let worker = try await session.queueDesk.quiet(name) else {
                    throw ProgramError(.failure, "no worker of this name is listed; 'aventora workers' shows them")
                }
                try session.answer(worker) { WorkerReport.lines([worker], width: $0) }
            }
        }
    }
}
